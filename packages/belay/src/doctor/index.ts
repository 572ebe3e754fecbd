/** What is wrong with the machine, what dead processes have left, and how to get rid of it. */
export { doctor, type DoctorOptions } from "./doctor.ts";
export { doctorCommand } from "./doctor-command.ts";
export { isHealthy, reportJson, reportText, type Check, type DoctorReport, type Leftover } from "./report.ts";
