import { statusTone, type AnyStatus } from "../design/Status";
import type { Topology } from "../fold/topology";
import type { Box, Layout } from "./layout";

/** What a painted graph needs to know of the moment. */
export interface Painter {
  /** Calls when anything has changed. */
  subscribe: (listener: () => void) => () => void;
  statusOf: (nodeId: string) => AnyStatus | null;
  chosen: () => string | null;
}

export interface Viewpoint {
  x: number;
  y: number;
  zoom: number;
}

const RADIUS = 8;

/** Paints a graph on a canvas, as it is seen from far away: blocks in the colours of their statuses. */
export class Painting {
  readonly #colours = new Map<string, string>();

  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly topology: Topology,
    readonly layout: Layout,
    readonly painter: Painter,
  ) {}

  paint({ x, y, zoom }: Viewpoint): void {
    const { canvas } = this;
    const scale = window.devicePixelRatio;
    const { clientWidth, clientHeight } = canvas;
    canvas.width = clientWidth * scale;
    canvas.height = clientHeight * scale;
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(scale * zoom, 0, 0, scale * zoom, scale * x, scale * y);
    this.#paintEdges(pen, zoom);
    const chosen = this.painter.chosen();
    for (const { id, type } of this.topology.nodes.values()) this.#paintNode(pen, id, type === "group", id === chosen);
  }

  #paintEdges(pen: CanvasRenderingContext2D, zoom: number): void {
    pen.strokeStyle = this.#colour("var(--line-strong)");
    pen.lineWidth = 0.75 / zoom;
    pen.beginPath();
    for (const way of this.layout.ways.values())
      way.forEach((point, place) => (place === 0 ? pen.moveTo(point.x, point.y) : pen.lineTo(point.x, point.y)));
    pen.stroke();
  }

  #paintNode(pen: CanvasRenderingContext2D, id: string, isGroup: boolean, isChosen: boolean): void {
    const box = this.layout.places.get(id);
    if (!box) return;
    const status = this.painter.statusOf(id);
    pen.fillStyle = this.#colour(isGroup ? "var(--hover)" : "var(--tone, var(--text-faint))", isGroup ? null : status);
    outline(pen, box);
    pen.fill();
    if (!isGroup && !isChosen) return;
    pen.strokeStyle = this.#colour(isChosen ? "var(--text)" : "var(--line-strong)");
    pen.lineWidth = isChosen ? 16 : 4;
    pen.stroke();
  }

  /** What a colour of the style sheet comes to; the canvas itself is asked, as it has no use for a colour of its own. */
  #colour(value: string, status: AnyStatus | null = null): string {
    const key = `${value} ${status}`;
    let colour = this.#colours.get(key);
    if (colour === undefined) {
      this.canvas.className = (status && statusTone(status)) ?? "";
      this.canvas.style.color = value;
      colour = getComputedStyle(this.canvas).color;
      this.#colours.set(key, colour);
    }
    return colour;
  }
}

function outline(pen: CanvasRenderingContext2D, { x, y, width, height }: Box): void {
  pen.beginPath();
  pen.roundRect(x, y, width, height, RADIUS);
}
