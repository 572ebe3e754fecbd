/** What a session's configuration says of ssh when it is made. The host key is believed the first time, and no other one later. */
export function sshOptions({
  key,
  port,
  cipher,
}: {
  key: string | undefined;
  port: number | undefined;
  cipher: string | undefined;
}): Record<string, string> {
  const basic = ["-oBatchMode=yes", "-oPasswordAuthentication=no", "-oStrictHostKeyChecking=accept-new"];
  const options = withKey([...basic, ...(cipher === undefined ? [] : [cipher])].join(" "), key);
  return { "ssh-options": options, ...(port === undefined ? {} : { "ssh-port": String(port) }) };
}

/** Options of ssh that name a key, the given one unless they name one themselves. */
export function withKey(options: string, key: string | undefined): string {
  const namesOne = /(?:^|\s)-i|IdentityFile/i.test(options);
  return key === undefined || namesOne ? options : `${options} -oIdentitiesOnly=yes -i ${key}`.trim();
}
