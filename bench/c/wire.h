// The NATS protocol as far as a publisher needs it: one blocking socket, one buffer each way.
// Source: https://docs.nats.io/reference/reference-protocols/nats-protocol
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *what)
{
    fprintf(stderr, "relay_limit: %s (%s)\n", what, strerror(errno));
    exit(1);
}

// Room for the largest window: 4 batches of 1,000 messages of 1 KiB, and a socket's worth of acknowledgements.
enum { OUT_SIZE = 16 << 20, IN_SIZE = 4 << 20 };

struct wire {
    int socket;
    size_t out_used, in_start, in_end;
    char out[OUT_SIZE], in[IN_SIZE];
};

static void wire_flush(struct wire *w)
{
    for (size_t sent = 0; sent < w->out_used;) {
        ssize_t n = send(w->socket, w->out + sent, w->out_used - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) fail("send");
        if (n > 0) sent += (size_t)n;
    }
    w->out_used = 0;
}

static char *put_bytes(char *at, const void *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

#define PUT_TEXT(at, text) put_bytes(at, text, sizeof(text) - 1)

static char *put_number(char *at, unsigned long value)
{
    char digits[24];
    int count = 0;
    do digits[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (count) *at++ = digits[--count];
    return at;
}

// One message with headers; without a reply subject nothing comes back.
static void wire_publish(struct wire *w, const char *subject, size_t subject_size, const char *reply,
                         size_t reply_size, const char *headers, size_t headers_size, const char *payload, size_t size)
{
    size_t most = subject_size + reply_size + headers_size + size + 64;
    if (most > OUT_SIZE) fail("message too large");
    if (w->out_used + most > OUT_SIZE) wire_flush(w);
    char *at = w->out + w->out_used;
    at = put_bytes(PUT_TEXT(at, "HPUB "), subject, subject_size);
    *at++ = ' ';
    if (reply_size) {
        at = put_bytes(at, reply, reply_size);
        *at++ = ' ';
    }
    at = put_number(at, headers_size);
    *at++ = ' ';
    at = PUT_TEXT(put_number(at, headers_size + size), "\r\n");
    at = put_bytes(put_bytes(at, headers, headers_size), payload, size);
    at = PUT_TEXT(at, "\r\n");
    w->out_used = (size_t)(at - w->out);
    if (w->out_used > 64 << 10) wire_flush(w);
}

// Reads what is there; waits for at most so many milliseconds (-1: for ever). False when nothing came.
static bool wire_read(struct wire *w, int milliseconds)
{
    if (w->in_start == w->in_end) w->in_start = w->in_end = 0;
    if (IN_SIZE - w->in_end < 64 << 10) {
        memmove(w->in, w->in + w->in_start, w->in_end - w->in_start);
        w->in_end -= w->in_start;
        w->in_start = 0;
    }
    struct pollfd ready = {.fd = w->socket, .events = POLLIN};
    if (milliseconds >= 0 && poll(&ready, 1, milliseconds) <= 0) return false;
    ssize_t n = recv(w->socket, w->in + w->in_end, IN_SIZE - w->in_end, 0);
    if (n <= 0) fail("the server closed the connection");
    w->in_end += (size_t)n;
    return true;
}

struct message {
    const char *subject, *body;
    size_t subject_size, body_size;
};

// The next message that has come whole; answers pings on the way.
static bool wire_next(struct wire *w, struct message *m)
{
    for (;;) {
        char *start = w->in + w->in_start, *end = w->in + w->in_end, *line_end = memchr(start, '\n', (size_t)(end - start));
        if (!line_end) return false;
        char *body = line_end + 1;
        if (*start == 'M' || *start == 'H') {
            // MSG subject sid [reply] size, HMSG subject sid [reply] header-size size: the size stands last.
            char *subject = memchr(start, ' ', (size_t)(line_end - start)) + 1;
            char *number = line_end - 1;
            while (number[-1] != ' ') number--;
            size_t size = strtoul(number, NULL, 10);
            if ((size_t)(end - body) < size + 2) return false;
            *m = (struct message){subject, body, (size_t)((char *)memchr(subject, ' ', 256) - subject), size};
            w->in_start = (size_t)(body + size + 2 - w->in);
            return true;
        }
        if (*start == '-') {
            *line_end = 0;
            fail(start);
        }
        if (!strncmp(start, "PING", 4)) {
            w->out_used = (size_t)(PUT_TEXT(w->out + w->out_used, "PONG\r\n") - w->out);
            wire_flush(w);
        }
        w->in_start = (size_t)(body - w->in);
    }
}

static void wire_connect(struct wire *w, int port, const char *subscriptions)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(w->socket, (struct sockaddr *)&to, sizeof to)) fail("connect to nats-server");
    int on = 1;
    setsockopt(w->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int size = snprintf(w->out, OUT_SIZE, "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n%sPING\r\n",
                        subscriptions);
    w->out_used = (size_t)size;
    wire_flush(w);
}
