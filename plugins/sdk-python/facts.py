"""The facts of one decision, each column fetched when a rule first asks for it.

A rule asks a node, the domain, the source or the site, and gets plain numbers and texts.
A fact that is not known raises `Unknown`, which becomes the verdict "unknown" by itself.

Only imports that the plugin's source names are in its component: `wayleave plugin build`
looks for the words, so a fact must be asked for by its name.
"""

import enum
import importlib

_U8, _U32, _U64 = (1 << 8) - 1, (1 << 32) - 1, (1 << 64) - 1


class Unknown(Exception):
    """The name of a fact that is not known."""

    def __init__(self, fact):
        super().__init__(f"{fact} is not known")
        self.fact = fact


class DataError(Exception):
    """Why a column of site data cannot be had; `code` is the contract's word for it."""

    TEXTS = {
        "undeclared": "not declared by the policy",
        "missing": "the file is not there",
        "invalid": "the file cannot be understood",
        "denied": "the file may not be read",
        "no-such-column": "a column is missing",
    }

    def __init__(self, code):
        super().__init__(self.TEXTS.get(code, "not available"))
        self.code = code


# Modules are read while the component is built: afterwards there are no files.
_INTERFACES = {}
for _name in (
    "symbols nodes cpu cells residents networks reach storage source domain site_data clock log"
).split():
    try:
        _INTERFACES[_name] = importlib.import_module(f"wit_world.imports.{_name}")
    except ImportError:
        pass


def imported(interface, function):
    """An import of the component."""
    found = getattr(_INTERFACES.get(interface), function, None)
    if found is None:
        raise LookupError(
            f"{interface}.{function} is not an import of this component: "
            "the plugin's source has to name the fact, so that the build can see it"
        )
    return found


class Column:
    """One column of the contract, or one for each key."""

    __slots__ = ("interface", "function", "values")

    def __init__(self, interface, function):
        self.interface, self.function, self.values = interface, function, None

    def get(self):
        if self.values is None:
            self.values = imported(self.interface, self.function)()
        return self.values

    def of(self, key):
        """The column of texts that belongs to a key, such as a label's."""
        if self.values is None:
            self.values = {}
        values = self.values.get(key)
        if values is None:
            values = self.values[key] = decoded(imported(self.interface, self.function)(key))
        return values


class TextColumn(Column):
    """A column of symbols, as texts; None where not known."""

    __slots__ = ()

    def get(self):
        if self.values is None:
            self.values = decoded(imported(self.interface, self.function)())
        return self.values


def decoded(symbols):
    """Symbols as texts, each looked up once."""
    seen = sorted(set(symbols))
    texts = dict(zip(seen, imported("symbols", "texts")(seen)))
    texts[0] = None
    return [texts[symbol] for symbol in symbols]


def _fact(column, fact, unknown):
    def get(self):
        value = (column.values or column.get())[self.row]
        if value == unknown:
            raise Unknown(fact)
        return value

    return property(get)


def _text(interface, function, fact):
    return _fact(TextColumn(interface, function), fact, None)


def _u32(interface, function, fact):
    return _fact(Column(interface, function), fact, _U32)


def _u64(interface, function, fact):
    return _fact(Column(interface, function), fact, _U64)


def _plain_text(interface, function):
    column = TextColumn(interface, function)
    return property(lambda self: column.get()[self.row])


def _flag(interface, function, fact):
    column = Column(interface, function)

    def get(self):
        value = (column.values or column.get())[self.row]
        if value > 1:
            raise Unknown(fact)
        return value == 1

    return property(get)


def _case(interface, function, cases, other):
    column = Column(interface, function)
    return property(lambda self: cases.get(column.get()[self.row], other))


def _rows(offsets, kind):
    def get(self):
        ends = offsets.values or offsets.get()
        return [kind(row) for row in range(ends[self.row], ends[self.row + 1])]

    return get


class CpuComparison(enum.Enum):
    """What the destination says of the guest's CPU."""

    NOT_ASKED = 0
    IDENTICAL = 1
    SUPERSET = 2
    INCOMPATIBLE = 3
    FAILED = 4


class Reach(enum.Enum):
    """Whether the source's daemon can connect to the destination's."""

    NOT_PROBED = 0
    REACHABLE = 1
    UNREACHABLE = 2
    SOURCE_ITSELF = 3
    FAILED = 4


class Access(enum.Enum):
    """What a volume, written at one side and looked for at the other, showed of a disk's storage."""

    SHARED_WRITABLE = 1
    NO_POOL_AT_SOURCE = 2
    NO_POOL_AT_DESTINATION = 3
    POOL_INACTIVE = 4
    NOT_WRITABLE = 5
    DIFFERENT_STORAGE = 6
    VOLUME_MISSING = 7
    PROBE_FAILED = 8


def _numbered(cases):
    return {case.value: case for case in cases}


class _Row:
    __slots__ = ("row",)

    def __init__(self, row):
        self.row = row


class Cell(_Row):
    """A NUMA cell of a machine. Memory is in bytes."""

    __slots__ = ()
    id = _u32("cells", "id", "cells.id")
    cpus = _u32("cells", "cpus", "cells.cpus")
    memory_total = _u64("cells", "memory_total", "cells.memory_total")
    memory_free = _u64("cells", "memory_free", "cells.memory_free")
    _cpu_offsets, _cpu_id = Column("cells", "cpu_offsets"), Column("cells", "cpu_id")
    _free_pages = {}

    def cpu_ids(self):
        """The processors of the cell, by number."""
        ends = self._cpu_offsets.get()
        return self._cpu_id.get()[ends[self.row] : ends[self.row + 1]]

    def free_pages(self, size_bytes):
        """How many pages of a size are free; 0 also where the size is not offered."""
        pages = self._free_pages.get(size_bytes)
        if pages is None:
            pages = self._free_pages[size_bytes] = imported("cells", "free_pages")(size_bytes)
        if pages[self.row] == _U64:
            raise Unknown("cells.free_pages")
        return pages[self.row]


class Resident(_Row):
    """A domain that is defined or runs on a node. Memory is in bytes."""

    __slots__ = ()
    name = _plain_text("residents", "name")
    uuid = _plain_text("residents", "uuid")
    active = _flag("residents", "active", "residents.active")
    vcpus = _u32("residents", "vcpus", "residents.vcpus")
    memory = _u64("residents", "memory", "residents.memory")
    _labels = Column("residents", "label")

    def label(self, key):
        """None: the domain does not have the label."""
        return self._labels.of(key)[self.row]


class Network(_Row):
    """A network or bridge of a node; `kind` says which."""

    __slots__ = ()
    kind = _plain_text("networks", "kind")
    name = _plain_text("networks", "name")
    active = _flag("networks", "active", "networks.active")


class DiskStorage(_Row):
    """The storage under one disk of the domain, as the destination has it.

    `disk` is its target, as in `vda`; `pool` is None where no pool of the source holds it.
    """

    __slots__ = ()
    disk = _plain_text("storage", "disk")
    # A number from a later contract is not known here, so it is not a pass.
    access = _case("storage", "access", _numbered(Access), Access.PROBE_FAILED)
    pool = _plain_text("storage", "pool")

    @property
    def detail(self):
        """The place or the error, whichever the case has."""
        return imported("storage", "detail")(self.row)


class Node(_Row):
    """One candidate node. Memory is in bytes; a version is major * 1,000,000 + minor * 1,000 + release."""

    __slots__ = ()
    #: Its name in the inventory: always known.
    name = _plain_text("nodes", "name")
    #: The daemon's host UUID.
    uuid = _text("nodes", "uuid", "uuid")
    hostname = _text("nodes", "hostname", "hostname")
    #: `QEMU`, `Xen`, `LXC`, ...
    driver = _text("nodes", "driver", "driver")
    arch = _text("nodes", "arch", "arch")
    cpu_model = _text("nodes", "cpu_model", "cpu_model")
    cpu_vendor = _text("nodes", "cpu_vendor", "cpu_vendor")
    cpus = _u32("nodes", "cpus", "cpus")
    memory_total = _u64("nodes", "memory_total", "memory_total")
    #: Free and reclaimable, less what open jobs have reserved.
    memory_free = _u64("nodes", "memory_free", "memory_free")
    libvirt_version = _u64("nodes", "libvirt_version", "libvirt_version")
    hypervisor_version = _u64("nodes", "hypervisor_version", "hypervisor_version")
    #: Has the operator set maintenance?
    maintenance = _flag("nodes", "maintenance", "maintenance")
    #: Does an emulator there know the domain's machine type?
    machine_known = _flag("nodes", "machine_known", "machine_known")
    cpu_comparison = _case("cpu", "comparison", _numbered(CpuComparison), CpuComparison.NOT_ASKED)
    reach = _case("reach", "state", _numbered(Reach), Reach.NOT_PROBED)
    _labels = Column("nodes", "label")
    _probed, _disks = Column("storage", "probed"), Column("storage", "offsets")

    def label(self, key):
        """None: the node does not have the label."""
        return self._labels.of(key)[self.row]

    def candidates(self):
        """Every candidate that answered, this one too, for rules that count over all of them."""
        return [Node(row) for row in range(imported("nodes", "count")())]

    #: Without the domain that is to move, where it runs now.
    residents = _rows(Column("residents", "offsets"), Resident)
    cells = _rows(Column("cells", "offsets"), Cell)
    networks = _rows(Column("networks", "offsets"), Network)
    _disk_rows = _rows(_disks, DiskStorage)

    def disks(self):
        """One for each disk that has a source. Not known where the probe was not made."""
        if self._probed.get()[self.row] != 1:
            raise Unknown("storage")
        return self._disk_rows()

    @property
    def cpu_detail(self):
        """What the destination's CPU lacks, or why the comparison failed."""
        return imported("cpu", "detail")(self.row)

    @property
    def reach_uri(self):
        """The URI that the source was asked to connect to."""
        return imported("reach", "uri")(self.row)

    @property
    def reach_detail(self):
        """Why the source could not connect."""
        return imported("reach", "detail")(self.row)


class _Asked:
    """Facts of one thing, each asked for once."""

    _interface = ""
    #: Facts of which these values say that they are not known.
    _not_known = {}

    def __init__(self):
        self._labels = {}

    def __getattr__(self, fact):
        if fact.startswith("_"):
            raise AttributeError(fact)
        value = imported(self._interface, fact)()
        if value in self._not_known.get(fact, ()):
            raise Unknown(f"{self._interface}.{fact}")
        self.__dict__[fact] = value
        return value

    def label(self, key):
        """None: it does not have the label."""
        if key not in self._labels:
            self._labels[key] = imported(self._interface, "label")(key)
        return self._labels[key]


class _Domain(_Asked):
    """The domain that is to move: `domain.memory`, `domain.vcpus`, `domain.disk_target`, ...

    Every function of the contract's interface `domain` is an attribute of the same name.
    """

    _interface = "domain"
    _not_known = {
        "uuid": ("",),
        "hypervisor": ("",),
        "state": ("",),
        "arch": ("",),
        "machine": ("",),
        "vcpus": (0, _U32),
        "memory": (0, _U64),
    }
    #: The size in a huge page demand that stands for the node's default.
    DEFAULT_PAGE_SIZE = _U64


class _Source(_Asked):
    """The node that the domain runs on now: `name`, `uuid`, `hypervisor_version`, `label(key)`."""

    _interface = "source"
    _not_known = {"uuid": ("",), "hypervisor_version": (_U64,)}


class _Site:
    """Data of the site that the policy declares: tables of text, frozen for the decision."""

    def column(self, table, column):
        """One column of a table, one text a row; raises DataError, which says why not."""
        try:
            return imported("site_data", "column")(table, column)
        except DataError:
            raise
        except Exception as error:
            # The binding's own error type carries the contract's word as its value.
            code = getattr(error, "value", None)
            if isinstance(code, str):
                raise DataError(code) from None
            raise

    def optional_column(self, table, column, rows):
        """A column that a table may lack: then every cell of it is empty."""
        try:
            return self.column(table, column)
        except DataError as error:
            if error.code == "no-such-column":
                return [""] * rows
            raise


class _Log:
    """Writes a line into the core's log."""

    def error(self, message):
        imported("log", "emit")(0, message)

    def warn(self, message):
        imported("log", "emit")(1, message)

    def info(self, message):
        imported("log", "emit")(2, message)

    def debug(self, message):
        imported("log", "emit")(3, message)


domain, source, site, log = _Domain(), _Source(), _Site(), _Log()


def taken_at():
    """When the facts were taken, in seconds since 1970. There is no other clock."""
    return imported("clock", "taken_at")()
