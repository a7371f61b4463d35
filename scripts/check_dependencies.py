"""Checks that dependencies point one way, by reading the import lines of every target.

    Postgres, JetStream -> Outbox -> Schema, Contracts -> ServiceRuntime -> services -> Composition -> executable

Each target may import what its row says, its own name, and what comes with the toolchain. A new import that is right
gets a place in the table; most of the time it shows that code stands in the wrong target.
"""

import pathlib
import re
import sys

# Part of the toolchain or the operating system: free for all.
SYSTEM = set(
    "Swift Foundation FoundationEssentials FoundationNetworking Dispatch Synchronization RegexBuilder Observation "
    "Glibc Musl Darwin Android _Concurrency".split()
)
# Small packages that say nothing about a layer.
OBSERVABILITY = set("Logging Metrics CoreMetrics Tracing Instrumentation ServiceContextModule".split())
LIFECYCLE = {"ServiceLifecycle", "UnixSignals"}
HTTP_SERVER = set("Hummingbird HummingbirdCore HTTPTypes NIOCore NIOHTTP1 NIOPosix NIOFoundationCompat".split())
HTTP_CLIENT = {"AsyncHTTPClient", "NIOHTTP1", "NIOSSL", "NIOCore", "NIOPosix", "NIOFoundationCompat"}
TESTING = {"Testing", "TestSupport", "HummingbirdTesting", "LocalServers", "MetricsTestKit"}

# The reusable core.
CORE = {"Postgres", "Outbox"}
SERVICES = {"Orders", "Payments", "Inventory"}
SERVICE = CORE | OBSERVABILITY | LIFECYCLE | HTTP_SERVER | {"Contracts", "Schema", "ServiceRuntime", "Crypto"}
EVERYTHING = (
    SERVICE | SERVICES | HTTP_CLIENT
    | {"JetStream", "StripeSandbox", "LocalServers", "Configuration", "JWTKit", "Yams", "ArgumentParser"}
)

# Folder -> what its files may import.
ALLOWED = {
    "Sources/Postgres": OBSERVABILITY | {"CLibPQ"},
    "Sources/JetStream": OBSERVABILITY | {"CNATS"},
    "Sources/Outbox": OBSERVABILITY | {"Postgres", "ServiceLifecycle"},
    "db": {"Outbox"},
    "infra/nats": set(),
    "Sources/Contracts": {"Outbox"},
    "Sources/ServiceRuntime": CORE | OBSERVABILITY | LIFECYCLE | HTTP_SERVER | HTTP_CLIENT
    | {"JetStream", "Contracts", "NATSStreams", "Configuration", "JWTKit", "Crypto", "Yams"},
    "Sources/Orders": SERVICE,
    "Sources/Payments": SERVICE | HTTP_CLIENT,
    "Sources/Inventory": SERVICE | HTTP_CLIENT,
    "Sources/StripeSandbox": OBSERVABILITY | LIFECYCLE | HTTP_SERVER | HTTP_CLIENT | {"Crypto"},
    "Sources/LocalServers": {"Logging"},
    "Sources/Composition": EVERYTHING - {"ArgumentParser"},
    "Sources/artesanos": EVERYTHING | {"Composition"},
    "Benchmarks": OBSERVABILITY | CORE | LIFECYCLE
    | {"JetStream", "ServiceRuntime", "Schema", "Contracts", "Inventory", "LocalServers", "ArgumentParser"},
    "Tests/TestSupport": OBSERVABILITY | CORE | {"JetStream", "LocalServers", "Schema", "Contracts"},
    "Tests/PostgresTests": OBSERVABILITY | TESTING | {"Postgres"},
    "Tests/JetStreamTests": OBSERVABILITY | TESTING | {"JetStream"},
    "Tests/LocalServersTests": OBSERVABILITY | TESTING,
    "Tests/InfrastructureTests": OBSERVABILITY | TESTING | CORE
    | {"JetStream", "Schema", "ServiceRuntime", "Crypto"},
    "Tests/RelayTests": OBSERVABILITY | LIFECYCLE | TESTING | CORE | {"JetStream", "Schema", "ServiceRuntime"},
    "Tests/OutboxTests": OBSERVABILITY | LIFECYCLE | TESTING | CORE | {"JetStream", "Schema", "ServiceRuntime"},
    "Tests/ServiceRuntimeTests": EVERYTHING - SERVICES | TESTING,
    "Tests/StripeSandboxTests": OBSERVABILITY | LIFECYCLE | HTTP_SERVER | HTTP_CLIENT | TESTING | {"StripeSandbox", "Crypto"},
    "Tests/OrdersTests": SERVICE | TESTING | {"Orders", "JetStream"},
    "Tests/PaymentsTests": SERVICE | HTTP_CLIENT | TESTING | {"Payments", "StripeSandbox", "JetStream"},
    "Tests/StripeFuzz": set(),
    "Tests/InventoryTests": SERVICE | TESTING | {"Inventory", "JetStream"},
    "Tests/CompositionTests": EVERYTHING | TESTING | {"Composition"},
    "Tests/SimulationTests": TESTING | SERVICES | {"Outbox", "Contracts", "StripeSandbox"},
    "Tests/EndToEndTests": EVERYTHING | TESTING | {"Composition", "artesanos"},
}

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:typealias|struct|class|enum|protocol|let|var|func|actor)\s+)?(\w+)"
)


def problems(root):
    folders = [p for parent in ("Sources", "Tests") for p in (root / parent).iterdir() if any(p.rglob("*.swift"))]
    for folder in sorted(folders) + [root / "db", root / "Benchmarks"]:
        name = str(folder.relative_to(root))
        if name not in ALLOWED:
            yield f"{name}: a target without a row in scripts/check_dependencies.py"
            continue
        for file in sorted(folder.rglob("*.swift")):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                match = IMPORT.match(line)
                if match and match[1] not in ALLOWED[name] | SYSTEM | {folder.name}:
                    yield (
                        f"{file.relative_to(root)}:{number}: error: {folder.name} must not import {match[1]} "
                        "(dependencies point one way; see scripts/check_dependencies.py)"
                    )


found = list(problems(pathlib.Path(__file__).resolve().parent.parent))
print("\n".join(found), end="\n" if found else "", file=sys.stderr)
sys.exit(1 if found else 0)
