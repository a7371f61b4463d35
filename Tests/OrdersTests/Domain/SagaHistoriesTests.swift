import Foundation
import Outbox
import Testing

@testable import Orders

/// What each version of the definition decided, recorded when it was the current one, and held against what is decided
/// now: orders that are under way must not find other rules after an upgrade than before it. The files of past versions
/// are never written again.
///
/// `UPDATE_HISTORIES=1` writes the current version's.
@Suite("Recorded histories") struct SagaHistoriesTests {
    @Test(
        "of every version are decided as they were",
        arguments: OrderSaga.supportedVersions, OrderSagaSituation.allCases)
    func replays(version: Int, situation: OrderSagaSituation) throws {
        let file = Self.folder.appendingPathComponent("v\(version)/\(situation.rawValue).json")
        if Self.isUpdating, version == OrderSaga.version || !FileManager.default.fileExists(atPath: file.path) {
            try Self.write(SagaRecording(of: situation, version: version), to: file)
        }
        let recorded = try WireJSON.decode(SagaRecording.self, from: Data(contentsOf: file))
        #expect(recorded.version == version)
        var state = SagaRecording.start(version)
        for step in recorded.path {
            let decision = OrderSaga.decide(state: state, event: step.event, policy: Sample.policy)
            #expect(
                SagaRecording.Step(step.event, decision).didTheSame(as: step),
                "\(situation.rawValue), \(step.event.kind.rawValue)")
            state = decision.state
        }
        // What was stored then is read now, and every event is taken as it was.
        let stored = recorded.path.last?.state ?? SagaRecording.start(version)
        #expect(stored == state)
        #expect(Set(recorded.then.map(\.event.kind)).isSubset(of: OrderSagaEvent.Kind.allCases))
        for step in recorded.then {
            let decision = OrderSaga.decide(state: stored, event: step.event, policy: Sample.policy)
            #expect(
                SagaRecording.Step(step.event, decision).didTheSame(as: step),
                "\(situation.rawValue), \(step.event.kind.rawValue)")
        }
    }

    @Test("of the current version know every event")
    func currentIsComplete() throws {
        for situation in OrderSagaSituation.allCases {
            let file = Self.folder.appendingPathComponent("v\(OrderSaga.version)/\(situation.rawValue).json")
            let recorded = try WireJSON.decode(SagaRecording.self, from: Data(contentsOf: file))
            #expect(Set(recorded.then.map(\.event.kind)) == Set(OrderSagaEvent.Kind.allCases), "\(situation.rawValue)")
        }
    }

    private static let isUpdating = ProcessInfo.processInfo.environment["UPDATE_HISTORIES"] == "1"
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Histories")

    private static func write(_ recording: SagaRecording, to file: URL) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(WireJSON.encode(recording) + [UInt8(ascii: "\n")]).write(to: file)
    }
}

/// How a saga came into a situation, and what each event led to there.
struct SagaRecording: Codable, Sendable {
    /// One event, and what was made of it.
    struct Step: Codable, Sendable {
        let event: OrderSagaEvent
        let verdict: String
        let note: String?
        let actions: [String]
        let state: OrderSagaState

        init(_ event: OrderSagaEvent, _ decision: OrderSagaDecision) {
            self.event = event
            verdict = decision.verdict.name
            note = decision.verdict.note
            actions = decision.actions.map(\.description)
            state = decision.state
        }

        /// - Parameter recorded: what was illegal then may be known to happen since; it changes nothing either way.
        func didTheSame(as recorded: Self) -> Bool {
            let isSameVerdict = verdict == recorded.verdict || recorded.verdict == "illegal" && verdict == "ignored"
            return event == recorded.event && actions == recorded.actions && state == recorded.state && isSameVerdict
        }
    }

    let version: Int
    let path: [Step]
    let then: [Step]

    init(of situation: OrderSagaSituation, version: Int) {
        self.version = version
        var state = Self.start(version)
        var path: [Step] = []
        for kind in situation.path {
            let event = Sample.event(kind)
            let decision = OrderSaga.decide(state: state, event: event, policy: Sample.policy)
            path.append(Step(event, decision))
            state = decision.state
        }
        self.path = path
        let reached = state
        then = OrderSagaEvent.Kind.allCases.map { kind in
            let event = Sample.event(kind)
            return Step(event, OrderSaga.decide(state: reached, event: event, policy: Sample.policy))
        }
    }

    static func start(_ version: Int) -> OrderSagaState {
        var state = OrderSaga.start(total: Sample.total, policy: Sample.policy).state
        state.version = version
        return state
    }
}
