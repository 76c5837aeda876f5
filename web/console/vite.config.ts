import { page } from "../page.ts";

export default page("console", "/", { kilobytes: 250 });
