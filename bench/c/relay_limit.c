// What a relay can reach at most on this machine: one thread of C between libpq and a socket, without any of what makes
// a relay safe. No gaps are looked for, nothing is fenced, any refusal ends the program.
//
//   relay_limit CONNECTION NATS_PORT STREAM ROWS BATCH IN_FLIGHT single|atomic [full]   ROWS rows, then exit
//   relay_limit CONNECTION NATS_PORT STREAM 0 BATCH 1 single follow                     wait for hints, until standard input ends
//
// Postgres, this program and nats-server all work at once: the read of the next batch and the cursor of the last stored
// one travel together in a pipeline, before this batch is written to nats-server. `full` adds the headers of a fenced
// relay, to see what those cost.
#include "wire.h"
#include <libpq-fe.h>
#include <stdint.h>

static struct wire wire;
static PGconn *db;

static const char read_rows[] =
    "select position, subject, event, traceparent from outbox where position > $1::bigint order by position limit $2::bigint";
static const char save_cursor[] =
    "insert into outbox_cursor (stream, position, stream_sequence) values ($1::text, $2::bigint, $2::bigint) "
    "on conflict (stream) do update set position = excluded.position, stream_sequence = excluded.stream_sequence, "
    "updated_at = now()";

struct options {
    const char *stream;
    long batch, in_flight;
    bool atomic, full;
};

struct flight {
    PGresult *rows;
    int64_t last;
    long count;
};

static void check(PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(PQerrorMessage(db));
}

static void command(const char *sql)
{
    PGresult *result = PQexec(db, sql);
    check(result);
    PQclear(result);
}

static void send_prepared(const char *name, const char *text, int64_t first, int64_t second)
{
    char numbers[2][24];
    snprintf(numbers[0], 24, "%ld", (long)first);
    snprintf(numbers[1], 24, "%ld", (long)second);
    const char *values[] = {text ? text : numbers[0], text ? numbers[0] : numbers[1]};
    if (!PQsendQueryPrepared(db, name, 2, values, NULL, NULL, 1)) fail(PQerrorMessage(db));
}

// The rows of one round, after everything else in it; NULL when there were none.
static PGresult *collect(void)
{
    PGresult *rows = NULL;
    for (;;) {
        PGresult *result = PQgetResult(db);
        if (!result) continue;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            if (rows && !PQntuples(rows)) {
                PQclear(rows);
                rows = NULL;
            }
            return rows;
        }
        check(result);
        if (PQresultStatus(result) == PGRES_TUPLES_OK) rows = result;
        else PQclear(result);
    }
}

static int64_t position(PGresult *rows, int row)
{
    uint64_t bytes;
    memcpy(&bytes, PQgetvalue(rows, row, 0), 8);
    return (int64_t)__builtin_bswap64(bytes);
}

static void publish(PGresult *rows, const struct options *o, long batch_number)
{
    int count = PQntuples(rows);
    for (int row = 0; row < count; row++) {
        char headers[1024], reply[32] = "_L.";
        bool is_last = row == count - 1, asks = !o->atomic || is_last;
        char *at = PUT_TEXT(headers, "NATS/1.0\r\nNats-Msg-Id: ");
        int64_t place = position(rows, row);
        at = put_bytes(at, o->stream, strlen(o->stream));
        *at++ = '-';
        at = PUT_TEXT(put_number(at, (unsigned long)place), "\r\n");
        if (o->full) {
            at = PUT_TEXT(put_number(PUT_TEXT(at, "Outbox-Position: "), (unsigned long)place), "\r\n");
            if (!o->atomic || row == 0)
                at = PUT_TEXT(put_number(PUT_TEXT(at, "Nats-Expected-Last-Sequence: "), (unsigned long)place - 1), "\r\n");
            if (!PQgetisnull(rows, row, 3)) {
                at = put_bytes(PUT_TEXT(at, "traceparent: "), PQgetvalue(rows, row, 3), (size_t)PQgetlength(rows, row, 3));
                at = PUT_TEXT(at, "\r\n");
            }
        }
        if (o->atomic) {
            at = PUT_TEXT(put_number(PUT_TEXT(at, "Nats-Batch-Id: l"), (unsigned long)batch_number), "-");
            at = PUT_TEXT(put_number(at, (unsigned long)getpid()), "\r\n");
            at = PUT_TEXT(put_number(PUT_TEXT(at, "Nats-Batch-Sequence: "), (unsigned long)row + 1), "\r\n");
            if (is_last) at = PUT_TEXT(at, "Nats-Batch-Commit: 1\r\n");
        }
        at = PUT_TEXT(at, "\r\n");
        wire_publish(&wire, PQgetvalue(rows, row, 1), (size_t)PQgetlength(rows, row, 1), reply,
                     asks ? (size_t)(put_number(reply + 3, (unsigned long)row) - reply) : 0, headers,
                     (size_t)(at - headers), PQgetvalue(rows, row, 2), (size_t)PQgetlength(rows, row, 2));
    }
    wire_flush(&wire);
}

// Waits until at most so many acknowledgements are missing. Hints that come meanwhile are noted.
static bool hinted;
static long missing;
static void wait_for_acks(long most)
{
    struct message m;
    while (missing > most) {
        while (missing > most && wire_next(&wire, &m)) {
            if (m.subject_size > 6 && !memcmp(m.subject, "outbox", 6)) hinted = true;
            else if (!memmem(m.body, m.body_size, "\"seq\"", 5)) fail(m.body);
            else missing--;
        }
        if (missing > most) wire_read(&wire, -1);
    }
}

static void drain(const struct options *o, long total)
{
    struct flight flights[64];
    long first = 0, count = 0, done = 0, batches = 0;
    int64_t read_to = 0;
    send_prepared("r", NULL, 0, o->batch);
    if (!PQpipelineSync(db)) fail(PQerrorMessage(db));
    for (;;) {
        PGresult *rows = collect();
        int64_t stored = 0;
        while (count == o->in_flight || (!rows && count)) {
            struct flight *oldest = &flights[first];
            long behind = 0;
            for (long i = 1; i < count; i++) behind += o->atomic ? 1 : flights[(first + i) % 64].count;
            wait_for_acks(behind);
            stored = oldest->last;
            done += oldest->count;
            PQclear(oldest->rows);
            first = (first + 1) % 64;
            count--;
        }
        if (stored) send_prepared("c", o->stream, stored, 0);
        if (rows) {
            read_to = position(rows, PQntuples(rows) - 1);
            send_prepared("r", NULL, read_to, o->batch);
        }
        if (!PQpipelineSync(db) || PQflush(db) < 0) fail(PQerrorMessage(db));
        if (!rows) {
            PGresult *rest = collect();
            if (rest) PQclear(rest);
            break;
        }
        long size = PQntuples(rows);
        flights[(first + count++) % 64] = (struct flight){rows, read_to, size};
        missing += o->atomic ? 1 : size;
        publish(rows, o, ++batches);
    }
    if (done < total) fail("the table has fewer rows");
}

static void follow(const struct options *o)
{
    int64_t read_to = 0;
    for (long batches = 1;; batches++) {
        hinted = false;
        send_prepared("r", NULL, read_to, o->batch);
        if (!PQpipelineSync(db)) fail(PQerrorMessage(db));
        PGresult *rows = collect();
        if (!rows) {
            struct message m;
            while (wire_next(&wire, &m)) hinted = true;
            struct pollfd parent = {.fd = 0, .events = POLLIN};
            if (poll(&parent, 1, 0) > 0) return;
            if (!hinted) wire_read(&wire, 250);
            continue;
        }
        read_to = position(rows, PQntuples(rows) - 1);
        missing += PQntuples(rows);
        publish(rows, o, batches);
        wait_for_acks(0);
        send_prepared("c", o->stream, read_to, 0);
        if (!PQpipelineSync(db)) fail(PQerrorMessage(db));
        PQclear(rows);
        collect();
    }
}

int main(int count, char **given)
{
    if (count < 8) {
        fprintf(stderr, "usage: see the head of relay_limit.c\n");
        return 2;
    }
    struct options o = {given[3], atol(given[5]), atol(given[6]), !strcmp(given[7], "atomic"), false};
    bool follows = false;
    for (int i = 8; i < count; i++) {
        o.full |= !strcmp(given[i], "full");
        follows |= !strcmp(given[i], "follow");
    }
    if (o.in_flight < 1 || o.in_flight > 63) fail("1 to 63 batches in flight");
    db = PQconnectdb(given[1]);
    if (PQstatus(db) != CONNECTION_OK) fail(PQerrorMessage(db));
    command("set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off;"
            "set synchronous_commit = off; set plan_cache_mode = force_generic_plan");
    PQclear(PQprepare(db, "r", read_rows, 0, NULL));
    PQclear(PQprepare(db, "c", save_cursor, 0, NULL));
    if (!PQenterPipelineMode(db)) fail(PQerrorMessage(db));
    char subscriptions[256];
    snprintf(subscriptions, sizeof subscriptions, "SUB _L.> 1\r\nSUB outbox.hint.%s 2\r\n", o.stream);
    wire_connect(&wire, atoi(given[2]), subscriptions);
    if (follows) follow(&o);
    else drain(&o, atol(given[4]));
    PQfinish(db);
    return 0;
}
