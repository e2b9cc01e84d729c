// Letters are in sandboxed frames without scripts; their height is measured from out here.
import { findAll } from "./page";

const watched = new WeakSet<HTMLIFrameElement>();

function fit(frame: HTMLIFrameElement): void {
  const root = frame.contentDocument?.documentElement;
  const body = frame.contentDocument?.body;
  if (!root || !body) return;
  const height = Math.ceil(Math.max(body.scrollHeight, body.getBoundingClientRect().height)) + 4;
  frame.style.height = `${Math.min(height, 200_000)}px`;
}

function loaded(frame: HTMLIFrameElement): void {
  const body = frame.contentDocument?.body;
  if (!body) return;
  fit(frame);
  new ResizeObserver(() => fit(frame)).observe(body);
}

export function watchFrames(): void {
  for (const frame of findAll<HTMLIFrameElement>("iframe.body")) {
    if (watched.has(frame)) continue;
    watched.add(frame);
    frame.addEventListener("load", () => loaded(frame));
    if (frame.contentDocument?.readyState === "complete" && frame.contentDocument.URL !== "about:blank") loaded(frame);
  }
}
