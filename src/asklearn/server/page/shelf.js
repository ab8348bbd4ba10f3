// @ts-check
/**
 * Where answers lie until the server has them: IndexedDB, which outlives reloads and crashes, or else memory.
 *
 * @typedef {import("./api.js").Answer} Answer
 *
 * @typedef {object} Entry
 * @property {number} [seq] its place in the order of sending, given by the shelf
 * @property {string} scope whose answer, in which project: one browser may serve several
 * @property {Answer} answer
 * @property {string} [about] the item, in a few words, for messages about it
 * @property {string} [refused] why the server will not have it
 *
 * @typedef {object} Shelf
 * @property {boolean} lasting whether what is put here is still there after a crash
 * @property {(entry: Entry) => Promise<number>} put
 * @property {(seq: number) => Promise<void>} remove
 * @property {(scope: string) => Promise<Entry[]>} all oldest first
 */

const NAME = "asklearn";
const STORE = "outbox";
const FAR = 2 ** 40; // sequence numbers of what lies in memory because the disk failed
const PATIENCE = 3_000; // ms; some browsers never answer in private windows

/** @returns {Promise<Shelf>} */
export async function shelf() {
  try {
    return onDisk(await opened());
  } catch {
    return inMemory();
  }
}

/** @param {number} [last] @returns {Shelf} */
function inMemory(last = 0) {
  /** @type {Map<number, Entry>} */
  const entries = new Map();
  return {
    lasting: false,
    async put(entry) {
      const seq = entry.seq ?? ++last;
      entries.set(seq, { ...entry, seq });
      return seq;
    },
    async remove(seq) {
      entries.delete(seq);
    },
    async all(scope) {
      return [...entries.values()].filter((entry) => entry.scope === scope);
    },
  };
}

/**
 * On disk; an answer that does not fit there any more (disk full, database taken away) lies in memory.
 *
 * @param {IDBDatabase} database
 * @returns {Shelf}
 */
function onDisk(database) {
  const spare = inMemory(FAR);
  /** @type {<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>) => Promise<T>} */
  const within = (mode, work) =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  return {
    lasting: true,
    async put(entry) {
      if ((entry.seq ?? 0) > FAR) return spare.put(entry);
      try {
        return await within("readwrite", (store) => /** @type {IDBRequest<number>} */ (store.put(entry)));
      } catch {
        this.lasting = false;
        return spare.put(entry);
      }
    },
    remove: (seq) => (seq > FAR ? spare.remove(seq) : within("readwrite", (store) => store.delete(seq))),
    async all(scope) {
      const stored = await within("readonly", (store) => store.index("scope").getAll(scope));
      return [...stored, ...(await spare.all(scope))];
    },
  };
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("IndexedDB does not answer")), PATIENCE);
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      const store = request.result.createObjectStore(STORE, { keyPath: "seq", autoIncrement: true });
      store.createIndex("scope", "scope");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
