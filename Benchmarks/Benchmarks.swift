import ArgumentParser

/// The project's benchmarks. Each compares with something outside of the project, measured in the same run: absolute
/// figures differ from machine to machine.
///
/// To add one: an `AsyncParsableCommand` in a file of its own, listed here, that reports through ``BenchReport``.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks", abstract: "Measures the project against the tools it is built on.",
        subcommands: [TransactionBenchmark.self, RelayBenchmark.self, RunRelay.self, InventoryBenchmark.self])
}
