/**
 * The facts of one decision, each column fetched when a rule first asks for it.
 *
 * A rule asks a node, the domain, the source or the site, and gets plain numbers and texts.
 * A fact that is not known throws `Unknown`, which becomes the verdict "unknown" by itself.
 *
 * Only imports that the plugin's source names are in its component: `wayleave plugin build`
 * looks for the words, so a fact must be asked for by its name.
 */

const U32_MAX = 2 ** 32 - 1;
// Of the numbers of JavaScript it is the nearest to the largest of 64 bits.
const U64_MAX = 2 ** 64;

/** A fact that is not known. It is thrown often and caught by the SDK: no stack, no cost. */
export class Unknown {
  constructor(fact) {
    this.fact = fact;
  }

  toString() {
    return `${this.fact} is not known`;
  }
}

const DATA_ERRORS = {
  undeclared: "not declared by the policy",
  missing: "the file is not there",
  invalid: "the file cannot be understood",
  denied: "the file may not be read",
  "no-such-column": "a column is missing",
};

/** Why a column of site data cannot be had; `code` is the contract's word for it. */
export class DataError extends Error {
  constructor(code) {
    super(DATA_ERRORS[code] ?? "not available");
    this.code = code;
  }
}

const interfaces = {};

/** Tells what the component imports; what the build writes calls it first. */
export function connect(imports) {
  Object.assign(interfaces, imports);
}

/** An import of the component. */
export function imported(interfaceName, name) {
  const found = interfaces[interfaceName]?.[name];
  if (!found) {
    throw new Error(
      `${interfaceName}.${name} is not an import of this component: ` +
        "the plugin's source has to name the fact, so that the build can see it",
    );
  }
  return found;
}

/** Symbols as texts, each looked up once; null where not known. */
function decoded(symbols) {
  const seen = [...new Set(symbols)];
  const found = imported("symbols", "texts")(seen);
  const texts = new Map(seen.map((symbol, place) => [symbol, symbol === 0 ? null : found[place]]));
  return Array.from(symbols, (symbol) => texts.get(symbol));
}

// The binding hands integers over as if they had a sign, as numbers or as BigInts.
const unsigned32 = (value) => Number(value) >>> 0;
const unsigned64 = (value) => (Number(value) < 0 ? Number(value) + U64_MAX : Number(value));
const numbers32 = (column) => Array.from(column, unsigned32);
const numbers64 = (column) => Array.from(column, unsigned64);
const plain = (column) => column;

/** A column that is fetched when it is first asked for. */
function column(interfaceName, name, made = plain) {
  let values;
  return () => (values ??= made(imported(interfaceName, name)()));
}

/** A column for each key, such as a label's. */
function keyed(interfaceName, name, made) {
  const columns = new Map();
  return (key) => {
    let values = columns.get(key);
    if (!values) columns.set(key, (values = made(imported(interfaceName, name)(key))));
    return values;
  };
}

const own = (get) => ({ get, configurable: true });

function fact(values, name, unknown) {
  return own(function () {
    const value = values()[this.row];
    if (value === unknown) throw new Unknown(name);
    return value;
  });
}

const u32 = (from, name, told) => fact(column(from, name, numbers32), told, U32_MAX);
const u64 = (from, name, told) => fact(column(from, name, numbers64), told, U64_MAX);
const text = (from, name, told) => fact(column(from, name, decoded), told, null);

/** Null where there is none. */
function plainText(from, name) {
  const values = column(from, name, decoded);
  return own(function () {
    return values()[this.row];
  });
}

function flag(from, name, told) {
  const values = column(from, name);
  return own(function () {
    const value = values()[this.row];
    if (value > 1) throw new Unknown(told);
    return value === 1;
  });
}

function cased(from, name, cases, other) {
  const values = column(from, name);
  const named = new Set(Object.values(cases));
  return own(function () {
    const value = values()[this.row];
    return named.has(value) ? value : other;
  });
}

function rows(offsets, Kind) {
  return function () {
    const ends = offsets();
    const list = [];
    for (let row = ends[this.row]; row < ends[this.row + 1]; row++) list.push(new Kind(row));
    return list;
  };
}

/** What the destination says of the guest's CPU. */
export const CpuComparison = Object.freeze({
  NOT_ASKED: 0,
  IDENTICAL: 1,
  SUPERSET: 2,
  INCOMPATIBLE: 3,
  FAILED: 4,
});

/** Whether the source's daemon can connect to the destination's. */
export const Reach = Object.freeze({
  NOT_PROBED: 0,
  REACHABLE: 1,
  UNREACHABLE: 2,
  SOURCE_ITSELF: 3,
  FAILED: 4,
});

/** What a volume, written at one side and looked for at the other, showed of a disk's storage. */
export const Access = Object.freeze({
  SHARED_WRITABLE: 1,
  NO_POOL_AT_SOURCE: 2,
  NO_POOL_AT_DESTINATION: 3,
  POOL_INACTIVE: 4,
  NOT_WRITABLE: 5,
  DIFFERENT_STORAGE: 6,
  VOLUME_MISSING: 7,
  PROBE_FAILED: 8,
});

class Row {
  constructor(row) {
    this.row = row;
  }
}

const cpuOffsets = column("cells", "cpuOffsets");
const cpuId = column("cells", "cpuId", numbers32);
const freePages = keyed("cells", "freePages", numbers64);

/** A NUMA cell of a machine: `id`, `cpus`, `memoryTotal` and `memoryFree` in bytes. */
class Cell extends Row {
  /** The processors of the cell, by number. */
  cpuIds() {
    return cpuId().slice(cpuOffsets()[this.row], cpuOffsets()[this.row + 1]);
  }

  /** How many pages of a size are free; 0 also where the size is not offered. */
  freePages(sizeBytes) {
    const pages = freePages(sizeBytes)[this.row];
    if (pages === U64_MAX) throw new Unknown("cells.free_pages");
    return pages;
  }
}

Object.defineProperties(Cell.prototype, {
  id: u32("cells", "id", "cells.id"),
  cpus: u32("cells", "cpus", "cells.cpus"),
  memoryTotal: u64("cells", "memoryTotal", "cells.memory_total"),
  memoryFree: u64("cells", "memoryFree", "cells.memory_free"),
});

const residentLabel = keyed("residents", "label", decoded);

/** A domain that is defined or runs on a node: `name`, `uuid`, `active`, `vcpus`, `memory` in bytes. */
class Resident extends Row {
  /** Null: the domain does not have the label. */
  label(key) {
    return residentLabel(key)[this.row];
  }
}

Object.defineProperties(Resident.prototype, {
  name: plainText("residents", "name"),
  uuid: plainText("residents", "uuid"),
  active: flag("residents", "active", "residents.active"),
  vcpus: u32("residents", "vcpus", "residents.vcpus"),
  memory: u64("residents", "memory", "residents.memory"),
});

/** A network or bridge of a node: `kind`, which says which, `name`, `active`. */
class Network extends Row {}

Object.defineProperties(Network.prototype, {
  kind: plainText("networks", "kind"),
  name: plainText("networks", "name"),
  active: flag("networks", "active", "networks.active"),
});

/**
 * The storage under one disk of the domain, as the destination has it: `disk`, its target,
 * as in `vda`; `access`; `pool`, null where no pool of the source holds it.
 */
class DiskStorage extends Row {
  /** The place or the error, whichever the case has. */
  get detail() {
    return imported("storage", "detail")(this.row);
  }
}

Object.defineProperties(DiskStorage.prototype, {
  disk: plainText("storage", "disk"),
  // A number from a later contract is not known here, so it is not a pass.
  access: cased("storage", "access", Access, Access.PROBE_FAILED),
  pool: plainText("storage", "pool"),
});

const nodeLabel = keyed("nodes", "label", decoded);
const probed = column("storage", "probed");

/**
 * One candidate node: `name`, always known; `uuid`, `hostname`, `driver`, `arch`, `cpuModel`,
 * `cpuVendor`; `cpus`; `memoryTotal` and `memoryFree` in bytes; `libvirtVersion` and
 * `hypervisorVersion`, which are major * 1,000,000 + minor * 1,000 + release; `maintenance`,
 * `machineKnown`; `cpuComparison`, `reach`.
 */
export class Node extends Row {
  /** Null: the node does not have the label. */
  label(key) {
    return nodeLabel(key)[this.row];
  }

  /** Every candidate that answered, this one too, for rules that count over all of them. */
  candidates() {
    return Array.from({ length: imported("nodes", "count")() }, (_, row) => new Node(row));
  }

  /** One for each disk that has a source. Not known where the probe was not made. */
  disks() {
    if (probed()[this.row] !== 1) throw new Unknown("storage");
    return this.diskRows();
  }

  /** What the destination's CPU lacks, or why the comparison failed. */
  get cpuDetail() {
    return imported("cpu", "detail")(this.row);
  }

  /** The URI that the source was asked to connect to. */
  get reachUri() {
    return imported("reach", "uri")(this.row);
  }

  /** Why the source could not connect. */
  get reachDetail() {
    return imported("reach", "detail")(this.row);
  }
}

/** `residents()` are without the domain that is to move, where it runs now. */
Object.assign(Node.prototype, {
  residents: rows(column("residents", "offsets"), Resident),
  cells: rows(column("cells", "offsets"), Cell),
  networks: rows(column("networks", "offsets"), Network),
  diskRows: rows(column("storage", "offsets"), DiskStorage),
});

Object.defineProperties(Node.prototype, {
  name: plainText("nodes", "name"),
  uuid: text("nodes", "uuid", "uuid"),
  hostname: text("nodes", "hostname", "hostname"),
  driver: text("nodes", "driver", "driver"),
  arch: text("nodes", "arch", "arch"),
  cpuModel: text("nodes", "cpuModel", "cpu_model"),
  cpuVendor: text("nodes", "cpuVendor", "cpu_vendor"),
  cpus: u32("nodes", "cpus", "cpus"),
  memoryTotal: u64("nodes", "memoryTotal", "memory_total"),
  memoryFree: u64("nodes", "memoryFree", "memory_free"),
  libvirtVersion: u64("nodes", "libvirtVersion", "libvirt_version"),
  hypervisorVersion: u64("nodes", "hypervisorVersion", "hypervisor_version"),
  maintenance: flag("nodes", "maintenance", "maintenance"),
  machineKnown: flag("nodes", "machineKnown", "machine_known"),
  cpuComparison: cased("cpu", "comparison", CpuComparison, CpuComparison.NOT_ASKED),
  reach: cased("reach", "state", Reach, Reach.NOT_PROBED),
});

/** Facts of one thing, each asked for once; `notKnown` has the values that say so. */
function asked(interfaceName, notKnown, more = {}) {
  const answers = new Map();
  const labels = new Map();
  const things = {
    /** Null: it does not have the label. */
    label(key) {
      if (!labels.has(key)) labels.set(key, imported(interfaceName, "label")(key) ?? null);
      return labels.get(key);
    },
    ...more,
  };
  return new Proxy(things, {
    get(target, name) {
      if (typeof name !== "string" || name in target) return target[name];
      if (!answers.has(name)) answers.set(name, simple(name, imported(interfaceName, name)()));
      const answer = answers.get(name);
      if (notKnown[name]?.includes(answer)) throw new Unknown(`${interfaceName}.${snake(name)}`);
      return answer;
    },
  });
}

// What the contract has as 64 bits, of the domain and the source.
const OF_64_BITS = ["memory", "cellMemory", "hugepageSize", "hugepageMemory", "hypervisorVersion"];

/** An answer without what only the boundary has: signs, BigInts, typed arrays, undefined. */
function simple(name, answer) {
  const unsigned = OF_64_BITS.includes(name) ? unsigned64 : unsigned32;
  const one = (value) => (typeof value === "string" ? value : unsigned(value));
  if (answer === undefined || answer === null) return null;
  return typeof answer === "object" ? Array.from(answer, one) : one(answer);
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * The domain that is to move: `domain.memory`, `domain.vcpus`, `domain.diskTarget`, ...
 *
 * Every function of the contract's interface `domain` is a member of the same name.
 */
export const domain = asked(
  "domain",
  {
    uuid: [""],
    hypervisor: [""],
    state: [""],
    arch: [""],
    machine: [""],
    vcpus: [0, U32_MAX],
    memory: [0, U64_MAX],
  },
  /** The size in a huge page demand that stands for the node's default. */
  { DEFAULT_PAGE_SIZE: U64_MAX },
);

/** The node that the domain runs on now: `name`, `uuid`, `hypervisorVersion`, `label(key)`. */
export const source = asked("source", { uuid: [""], hypervisorVersion: [U64_MAX] });

/** Data of the site that the policy declares: tables of text, frozen for the decision. */
export const site = {
  /** One column of a table, one text a row; throws DataError, which says why not. */
  column(table, name) {
    const ask = imported("siteData", "column");
    try {
      return ask(table, name);
    } catch (error) {
      const code = error?.payload ?? error;
      throw typeof code === "string" ? new DataError(code) : error;
    }
  },

  /** A column that a table may lack: then every cell of it is empty. */
  optionalColumn(table, name, count) {
    try {
      return this.column(table, name);
    } catch (error) {
      if (error instanceof DataError && error.code === "no-such-column") return Array(count).fill("");
      throw error;
    }
  },
};

/** Writes a line into the core's log. */
export const log = {
  error: (message) => imported("log", "emit")(0, String(message)),
  warn: (message) => imported("log", "emit")(1, String(message)),
  info: (message) => imported("log", "emit")(2, String(message)),
  debug: (message) => imported("log", "emit")(3, String(message)),
};

/** When the facts were taken, in seconds since 1970. There is no other clock. */
export function takenAt() {
  return Number(imported("clock", "takenAt")());
}
