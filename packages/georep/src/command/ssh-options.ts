/** What a session's configuration says of ssh when it is made. The host key is believed the first time, and no other one later. */
export function sshOptions({
  key,
  port,
}: {
  key: string | undefined;
  port: number | undefined;
}): Record<string, string> {
  const identity = key === undefined ? "" : ` -oIdentitiesOnly=yes -i ${key}`;
  const options = `-oBatchMode=yes -oPasswordAuthentication=no -oStrictHostKeyChecking=accept-new${identity}`;
  return { "ssh-options": options, ...(port === undefined ? {} : { "ssh-port": String(port) }) };
}
