import type { Config } from "../config/config.ts";
import type { Logger } from "../log/logger.ts";
import type { StateStore } from "../state/saved_state.ts";
import { MemoryStore } from "./memory_store.ts";
import { type OpenedStore, openStore } from "./open_store.ts";
import { ResilientStore } from "./resilient_store.ts";
import { StoreError } from "./store_error.ts";

/** Where state is kept, and what is wrong with that now. */
export interface StateStorage {
  readonly store: StateStore;
  /** For people; empty while all is well. */
  readonly troubles: () => readonly string[];
}

/**
 * Opens the place that the configuration names for state, and says in the log what is unusual about it.
 *
 * A file of the default path that cannot be used is replaced by memory; one that somebody wrote into
 * the configuration, that another exporter uses or that a newer version made is not.
 *
 * @throws {StoreError} when the program should not start.
 */
export function openStateStorage(
  { path, pathWritten }: Config["state"],
  { log, wallClock }: { log: Logger; wallClock: () => number },
): StateStorage {
  if (path === "") {
    log.info("State is kept in memory only (state.path is empty)");
    return { store: new MemoryStore(), troubles: () => [] };
  }
  let opened: OpenedStore;
  try {
    opened = openStore(path, { wallClock });
  } catch (error) {
    const mayGoOn = error instanceof StoreError && error.code === "unusable" && !pathWritten;
    if (!mayGoOn) throw error;
    const reason = `State is kept in memory only and will not survive a restart: ${error.message}`;
    log.warn(reason);
    return { store: new MemoryStore(), troubles: () => [reason] };
  }
  if (opened.setAside !== undefined) {
    const { path: kept, reason } = opened.setAside;
    log.error("The state file was damaged: it was set aside and a new one was begun", {
      path,
      kept_as: kept,
      reason,
    });
  }
  let trouble: string | undefined;
  const store = new ResilientStore(opened.store, {
    onTrouble: (reason, { final }) => {
      trouble = final
        ? `The state file is not written any more and will not survive a restart: ${reason}`
        : `State cannot be stored now and waits in memory: ${reason}`;
      log.error(trouble, { path });
    },
    onRecovered: () => {
      trouble = undefined;
      log.info("State can be stored again", { path });
    },
  });
  return { store, troubles: () => trouble === undefined ? [] : [trouble] };
}
