export {
  canConnect,
  type FileResource,
  type GlusterResource,
  type Resource,
  type SshResource,
} from "./url/resource.ts";
export { formatResource, type UrlForm } from "./url/format.ts";
export { parseResource } from "./url/parse.ts";
