import ArgumentParser
import Orders

struct Saga: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at orders' sagas, act on them, and see the saga's definition.",
        discussion: """
            EXAMPLES
              artesanos saga list --stuck
              artesanos saga show 0192f3a4-5b6c-7d8e-9f00-112233445566
              artesanos saga retry 0192f3a4-5b6c-7d8e-9f00-112233445566 --dry-run
              artesanos saga cancel 0192f3a4-5b6c-7d8e-9f00-112233445566 --reason "sold in the shop"
              artesanos saga diagram > saga.mmd
            """,
        subcommands: [List.self, Show.self, Retry.self, Cancel.self, Diagram.self], defaultSubcommand: List.self)

    struct Diagram: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The saga's definition as a Mermaid state diagram, or as a table.",
            discussion: """
                EXAMPLES
                  artesanos saga diagram
                  artesanos saga diagram --table
                """)

        @Flag(help: "Every row of the definition, as a Markdown table.")
        var table = false

        func run() {
            let text = table ? OrderSagaDiagram.table() : OrderSagaDiagram.mermaid()
            Output.line(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
    }
}
