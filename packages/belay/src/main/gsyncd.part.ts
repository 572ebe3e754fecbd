export { gsyncdMain, gsyncdRoles } from "@belay/georep";
