import Testing

@testable import Outbox

@Suite struct BatchLimitTests {
    @Test func smallRowsReachTheConfiguredSizeByDoubling() {
        var limit = BatchLimit(most: 1_000)
        var asked: [Int] = []
        for _ in 0..<8 {
            asked.append(limit.rows)
            limit.note(rows: limit.rows, bytes: limit.rows * 400)
        }
        #expect(asked == [16, 32, 64, 128, 256, 512, 1_000, 1_000])
    }

    @Test func largeRowsKeepABatchWithinItsBytes() {
        var limit = BatchLimit(most: 1_000)
        for _ in 0..<10 {
            limit.note(rows: limit.rows, bytes: limit.rows * 200_000)
            #expect(limit.rows * 200_000 <= BatchLimit.maxBytes)
        }
        #expect(limit.rows == 5)
    }

    @Test func aRowLargerThanTheBudgetStillTravels() {
        var limit = BatchLimit(most: 1_000)
        limit.note(rows: 1, bytes: 8 << 20)
        #expect(limit.rows == 1)
    }

    @Test func aTrickleOfSmallRowsDoesNotRaiseTheLimitForWhatComesAfterIt() {
        var limit = BatchLimit(most: 1_000)
        for _ in 0..<100 { limit.note(rows: 1, bytes: 400) }
        #expect(limit.rows == 16)
    }

    @Test func anEmptyReadChangesNothing() {
        var limit = BatchLimit(most: 1_000)
        limit.note(rows: 16, bytes: 6_400)
        let before = limit
        limit.note(rows: 0, bytes: 0)
        #expect(limit == before)
    }

    @Test func theConfiguredSizeIsNeverExceeded() {
        #expect(BatchLimit(most: 3).rows == 3)
    }
}
