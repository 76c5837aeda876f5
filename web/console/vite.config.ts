import { join } from "node:path";
import { page } from "../page.ts";

const operations = join(import.meta.dirname, "src/api/generated/operations.ts");

export default page("console", "/", { kilobytes: 250, operations });
