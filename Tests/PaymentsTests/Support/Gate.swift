/// Lets so many tests in at a time: each has a service with a pool of its own, and the server's connections are shared by
/// all tests of the process.
actor Gate {
    static let shared = Gate(width: 8)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int) { free = width }

    func enter() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
