import Foundation
import LocalServers
import TestSupport
import Testing

@Suite struct LocalPostgresTests {
    @Test func killedServerKeepsItsDataAndPortAfterRestart() async throws {
        let postgres = try await LocalPostgres.start()
        try await postgres.createDatabase("shop")
        try await postgres.execute("create table piece as select 7 as id", database: "shop")

        await postgres.kill()
        #expect(postgres.processID == nil)
        await #expect(throws: LocalServerError.self) { try await postgres.execute("select 1") }

        let port = postgres.port
        try await postgres.restart()
        #expect(postgres.port == port)
        #expect(try await postgres.execute("select id from piece", database: "shop") == "7")
        await postgres.stop()
    }

    @Test func databaseMadeFromATemplateHasItsTables() async throws {
        let postgres = try await LocalPostgres.start()
        try await postgres.createDatabase("model")
        try await postgres.execute("create table piece (id int)", database: "model")
        try await postgres.createDatabase("a \"copy\"", template: "model")
        #expect(try await postgres.execute("select count(*) from piece", database: "a \"copy\"") == "0")
        #expect(try await postgres.ensureDatabase("a \"copy\"") == false)
        #expect(try await postgres.ensureDatabase("another"))
        await postgres.stop()
    }

    @Test func temporaryFolderIsDeletedWhenTheServerIsStopped() async throws {
        let postgres = try await LocalPostgres.start()
        #expect(FileManager.default.fileExists(atPath: postgres.directory.path))
        await postgres.stop()
        #expect(!FileManager.default.fileExists(atPath: postgres.directory.path))
    }

    @Test func secondRunInTheSameFolderIsRefusedAndMayFollow() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "artesanos-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try await LocalPostgres.start(directory: folder)
        try await first.createDatabase("kept")
        let refusal = await #expect(throws: LocalServerError.self) { try await LocalPostgres.start(directory: folder) }
        #expect(refusal?.description.contains("in use by another run") == true)
        await first.stop()

        let second = try await LocalPostgres.start(directory: folder)
        #expect(try await second.ensureDatabase("kept") == false)
        await second.stop()
    }

    @Test func wrongSettingIsNamedInTheError() async throws {
        let error = await #expect(throws: LocalServerError.self) {
            try await LocalPostgres.start(settings: ["shared_buffers": "plenty"])
        }
        #expect(error?.description.contains("invalid value for parameter \"shared_buffers\"") == true)
    }

    @Test func standbyFollowsAndTakesWritesOncePromoted() async throws {
        let primary = try await LocalPostgres.start(settings: ["fsync": "off"])
        let standby = try await primary.startStandby()
        try await primary.execute("create table t (n int)")
        try await primary.execute("insert into t values (1)")
        try await eventually("the standby has the row") { try await standby.execute("select n from t") == "1" }
        await #expect(throws: LocalServerError.self) { try await standby.execute("insert into t values (2)") }
        try await standby.stopReplication()
        try await primary.execute("insert into t values (3)")
        await primary.stop()
        try await standby.promote()
        try await standby.execute("insert into t values (4)")
        #expect(try await standby.execute("select string_agg(n::text, ',' order by n) from t") == "1,4")
        await standby.stop()
    }
}
