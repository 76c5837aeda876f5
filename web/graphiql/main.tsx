import "./workers";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./style.css";
import { createRoot } from "react-dom/client";
import { Ide } from "./ide";

const root = document.getElementById("root");
if (root) createRoot(root).render(<Ide />);
