import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceRuntime
import Testing

@Suite struct PageTests {
    private struct Place: Codable, Equatable, Sendable {
        let createdAt: Date
        let id: UUID
    }

    private func request(_ query: String) -> Request {
        Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/orders\(query)"),
            body: RequestBody(buffer: ByteBuffer()))
    }

    @Test func cursorIsOpaqueURLSafeTextThatComesBackAsItWas() throws {
        let place = Place(createdAt: Date(timeIntervalSince1970: 1_764_000_000.125), id: UUID())
        let cursor = try PageCursor.encode(place)
        #expect(cursor.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
        let page = try PageRequest<Place>(request("?cursor=\(cursor)&limit=5"))
        #expect(page.cursor == place)
        #expect(page.limit == 5)
    }

    @Test func withoutAQueryTheDefaultsAreTaken() throws {
        let page = try PageRequest<Int>(request(""), defaultLimit: 25)
        #expect(page.limit == 25)
        #expect(page.cursor == nil)
    }

    @Test(arguments: ["?limit=0", "?limit=101", "?limit=many", "?limit=-1", "?limit="])
    func limitOutOfBoundsIsRefusedWithTheBounds(query: String) {
        #expect {
            try PageRequest<Int>(request(query), maxLimit: 100)
        } throws: { error in
            (error as? Problem)?.code == "invalid_parameter"
                && (error as? Problem)?.detail == "limit: expected a whole number from 1 to 100"
        }
    }

    @Test(arguments: ["?cursor=%%%", "?cursor=bm90LWpzb24", "?cursor=eyJhIjoxfQ"])
    func foreignCursorIsRefused(query: String) {
        #expect {
            try PageRequest<Place>(request(query))
        } throws: { error in
            (error as? Problem)?.code == "invalid_cursor"
        }
    }

    @Test func nextCursorIsThatOfTheLastItemAndOnlyThereWhenThereIsMore() throws {
        let asked = try PageRequest<Int>(request("?limit=3"))
        let full = try Page(rows: [10, 20, 30, 40], for: asked) { $0 }
        #expect(full.items == [10, 20, 30])
        #expect(try full.nextCursor.map { try PageCursor.decode(Int.self, from: $0) } == 30)
        let last = try Page(rows: [10, 20, 30], for: asked) { $0 }
        #expect(last.items == [10, 20, 30])
        #expect(last.nextCursor == nil)
    }
}
