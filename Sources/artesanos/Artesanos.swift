import ArgumentParser
import Foundation
import JetStream
import LocalServers
import Postgres
import ServiceRuntime

/// The one command of the project.
@main
struct Artesanos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artesanos",
        abstract: "Orders, payments and stock of a marketplace for craftspeople.",
        discussion: """
            Settings come from the environment or from a file (--config); docs/configuration.md lists them. Commands \
            that look at databases use the running development system when no other is configured.

            Exit codes: 0 all is well, 1 a check failed or the work could not be done, 2 wrong usage or configuration.

            EXAMPLES
              artesanos dev                          everything on this machine, in one process
              artesanos demo                         orders that take every way an order can take
              artesanos serve all --with-relay       the services and the relays, as configured
              artesanos token --role ops --subject ana
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Development",
                subcommands: [
                    Dev.self, Demo.self, Load.self, StripeSandboxCommand.self, Token.self,
                ]),
            CommandGroup(name: "Running", subcommands: [Serve.self, RelayCommand.self]),
            CommandGroup(name: "Set-up", subcommands: [Migrate.self, Streams.self, Seed.self, Shop.self]),
            CommandGroup(
                name: "Operations",
                subcommands: [
                    OutboxCommand.self, DeadLettersCommand.self, Jobs.self, Saga.self, RefundCommand.self, Verify.self,
                ]),
        ])

    static func main() async {
        var failure: (any Error)?
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            failure = error
        }
        NATSLibrary.end(within: .seconds(2))
        if let failure { end(with: failure) }
    }

    /// Says what went wrong and ends with the exit code that fits.
    private static func end(with error: any Error) -> Never {
        switch error {
        case let error as UsageFailure:
            Output.error("artesanos: \(error)")
            exit(withError: ExitCode.usage)
        case let error as ConfigurationError:
            Output.error("artesanos: \(error)")
            exit(withError: ExitCode.usage)
        case is CheckFailed, is PostgresError, is LocalServerError:
            Output.error("artesanos: \(error)")
            exit(withError: ExitCode.checkFailed)
        case is CancellationError:
            exit(withError: ExitCode.checkFailed)
        default:
            // What the parser says: help and version are no errors to it; wrong usage is 64, which is 2 here.
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            Output.error(fullMessage(for: error))
            exit(withError: ExitCode.usage)
        }
    }
}
