import { KNOWN_PORTS, type ScanKey } from "../domain/scan.ts";
import type { SavedLearnt, SavedRecord, SavedRound, SavedTarget } from "../state/saved_state.ts";

/** Identity of a record: equal for equal addresses, protocol and ports, however the ports were written. */
export function recordId({ key, ports }: Pick<SavedRecord, "key" | "ports">): string {
  const known = key.portRange === KNOWN_PORTS;
  return `${key.target} ${key.protocol} ${known ? KNOWN_PORTS : ports}`;
}

/** A record as JSON; what is undefined is left out. */
export function encodeRecord(record: SavedRecord): string {
  return JSON.stringify(record);
}

/**
 * Reads what `encodeRecord` wrote.
 *
 * @throws {SyntaxError} when it is not JSON.
 */
export function decodeRecord(text: string): SavedRecord {
  const saved = JSON.parse(text) as SavedRecord;
  const { target, portRange, protocol }: ScanKey = saved.key;
  return {
    ...saved,
    key: { target, portRange, protocol },
    lastHostsTimedOut: saved.lastHostsTimedOut,
    lastHostsIncomplete: saved.lastHostsIncomplete,
    lastCompleteAt: saved.lastCompleteAt,
    lastDuration: saved.lastDuration,
    answeredAt: saved.answeredAt,
    silentSince: saved.silentSince,
    lastBeganAt: saved.lastBeganAt,
  };
}

/** A target as JSON; what is undefined is left out. */
export function encodeTarget(target: SavedTarget): string {
  return JSON.stringify(target);
}

/**
 * Reads what `encodeTarget` wrote.
 *
 * @throws {SyntaxError} when it is not JSON.
 */
export function decodeTarget(text: string): SavedTarget {
  const saved = JSON.parse(text) as SavedTarget;
  return { ...saved, hostsUp: saved.hostsUp, hostsDown: saved.hostsDown };
}

/** A round as JSON. */
export function encodeRound(round: SavedRound): string {
  return JSON.stringify(round);
}

/**
 * Reads what `encodeRound` wrote.
 *
 * @throws {SyntaxError} when it is not JSON.
 */
export function decodeRound(text: string): SavedRound {
  return JSON.parse(text) as SavedRound;
}

/** What was learnt as JSON. */
export function encodeLearnt(learnt: SavedLearnt): string {
  return JSON.stringify(learnt);
}

/**
 * Reads what `encodeLearnt` wrote.
 *
 * @throws {SyntaxError} when it is not JSON.
 */
export function decodeLearnt(text: string): SavedLearnt {
  return JSON.parse(text) as SavedLearnt;
}
