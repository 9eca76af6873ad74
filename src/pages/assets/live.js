// @ts-check
/// <reference no-default-lib="true" />
/// <reference lib="esnext" />
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { agoText } from "./ago.js";

/** Milliseconds until a lost connection is mentioned, and until one that was refused is tried again. */
const SAY_MS = 3000;
const RETRY_MS = 10_000;

const { events, build, now } = document.documentElement.dataset;
/** What the server's clock is ahead of ours, in milliseconds. */
let ahead = Number(now) - Date.now();
/** @type {EventSource | undefined} */
let source;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let saying;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retrying;

/** @param {"live" | "lost" | "outdated"} state */
function say(state) {
  globalThis.clearTimeout(saying);
  saying = undefined;
  const place = document.getElementById("connection");
  if (!place || place.dataset.state === state) return;
  place.dataset.state = state;
  place.textContent = {
    live: "Live",
    lost: "Not live: trying to connect",
    outdated: "Not live: reload for the new version",
  }[state];
}

function connect() {
  disconnect();
  const mine = source = new EventSource(/** @type {string} */ (events));
  mine.addEventListener("hello", (/** @type {MessageEvent<string>} */ { data }) => {
    const hello = JSON.parse(data);
    if (hello.build !== build) {
      disconnect();
      say("outdated");
      return;
    }
    ahead = hello.now - Date.now();
    say("live");
  });
  mine.addEventListener("part", (/** @type {MessageEvent<string>} */ { data }) => {
    const { id, html } = JSON.parse(data);
    const part = document.getElementById(id);
    if (part) renew(part, html);
  });
  mine.addEventListener("error", () => {
    saying ??= globalThis.setTimeout(say, SAY_MS, "lost");
    // Refused, not lost: the browser does not try again by itself.
    if (mine.readyState === EventSource.CLOSED) retrying = globalThis.setTimeout(connect, RETRY_MS);
  });
}

function disconnect() {
  globalThis.clearTimeout(retrying);
  source?.close();
  source = undefined;
}

/**
 * Makes a part of the page what the server says, and leaves in place what did not change: focus,
 * selected text and scroll positions stay.
 *
 * @param {HTMLElement} part
 * @param {string} html
 */
function renew(part, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  renewChildren(part, template.content);
  tick(part);
  if (!(focused instanceof HTMLElement) || focused === document.activeElement) return;
  if (!focused.isConnected) part.tabIndex = -1;
  (focused.isConnected ? focused : part).focus({ preventScroll: true });
}

/**
 * @param {Node} old
 * @param {Node} fresh
 */
function renewChildren(old, fresh) {
  const wanted = new Set([...fresh.childNodes].map(keyOf));
  const keyed = new Map();
  for (const child of [...old.childNodes]) {
    const key = keyOf(child);
    if (key === undefined) continue;
    if (wanted.has(key)) keyed.set(key, child);
    else child.remove();
  }
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const key = keyOf(child);
    const same = key === undefined ? place : keyed.get(key);
    if (!same || keyOf(same) !== key || same.nodeName !== child.nodeName) {
      old.insertBefore(child, place);
      if (child instanceof Element && key !== undefined) child.classList.add("fresh");
      continue;
    }
    keyed.delete(key);
    if (same === place) place = same.nextSibling;
    else old.insertBefore(same, place);
    renewNode(same, child);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/**
 * @param {ChildNode} old
 * @param {ChildNode} fresh
 */
function renewNode(old, fresh) {
  if (!(old instanceof Element && fresh instanceof Element)) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  renewChildren(old, fresh);
}

/**
 * What a row is about; undefined for what has no identity but its place.
 *
 * @param {Node} node
 */
function keyOf(node) {
  return node instanceof HTMLElement ? node.dataset.key : undefined;
}

/**
 * Says anew how long ago everything was.
 *
 * @param {ParentNode} root
 */
function tick(root) {
  for (const span of root.querySelectorAll("time > .ago")) {
    const time = Date.parse(/** @type {HTMLTimeElement} */ (span.parentElement).dateTime);
    const text = agoText(time, Date.now() + ahead);
    if (span.textContent !== text) span.textContent = text;
  }
}

/** A page that nobody sees costs nothing: browsers allow few connections to one host. */
function followVisibility() {
  if (document.hidden) disconnect();
  else if (source === undefined) connect();
}

globalThis.addEventListener("pagehide", disconnect);
globalThis.addEventListener("pageshow", followVisibility);
document.addEventListener("visibilitychange", followVisibility);
globalThis.setInterval(() => document.hidden || tick(document), 1000);
followVisibility();
