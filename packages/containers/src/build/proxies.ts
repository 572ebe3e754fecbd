const passedOn = ["ftp_proxy", "http_proxy", "https_proxy"];

/** Build arguments for the proxies of our environment, in either spelling, names in small letters, in the environment's order. */
export function proxyArguments(env: NodeJS.ProcessEnv): string[] {
  return Object.entries(env)
    .filter(([name]) => passedOn.includes(name.toLowerCase()))
    .map(([name, value]) => `--build-arg=${name.toLowerCase()}=${value ?? ""}`);
}
