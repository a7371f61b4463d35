/// Decides which faults hit: from a seed, so that the same requests meet the same faults.
struct FaultInjector: Sendable {
    private(set) var faults: [SandboxFault]
    private var generator: SeededGenerator

    init(faults: [SandboxFault], seed: UInt64) {
        self.faults = faults
        self.generator = SeededGenerator(seed: seed)
    }

    mutating func set(_ faults: [SandboxFault]) { self.faults = faults }

    mutating func add(_ fault: SandboxFault) { faults.append(fault) }

    /// The faults of a request: any latency, and the first other one that fires.
    mutating func request(_ operation: String) -> (latency: Duration, fault: SandboxFault?) {
        var latency = Duration.zero
        var failure: SandboxFault?
        for index in faults.indices where !faults[index].effect.isWebhook {
            let isLatency = faults[index].effect == .latency
            guard isLatency || failure == nil, fires(index, on: operation) else { continue }
            if isLatency { latency += time(faults[index]) } else { failure = faults[index] }
        }
        return (latency, failure)
    }

    /// The faults of a delivery; each kind at most once.
    mutating func delivery(_ type: String) -> [SandboxFault] {
        var hits: [SandboxFault] = []
        for index in faults.indices where faults[index].effect.isWebhook {
            guard !hits.contains(where: { $0.effect == faults[index].effect }), fires(index, on: type) else { continue }
            hits.append(faults[index])
        }
        return hits
    }

    /// How long a fault takes this time.
    mutating func time(_ fault: SandboxFault) -> Duration {
        let range = fault.minimumMilliseconds...max(fault.minimumMilliseconds, fault.maximumMilliseconds)
        return .milliseconds(Int.random(in: range, using: &generator))
    }

    private mutating func fires(_ index: Int, on target: String) -> Bool {
        let fault = faults[index]
        guard fault.target == nil || fault.target == target, fault.count != 0 else { return false }
        guard generator.fraction() < fault.probability else { return false }
        if let count = fault.count { faults[index].count = count - 1 }
        return true
    }
}
