export { dockerPyMain } from "@belay/containers";
