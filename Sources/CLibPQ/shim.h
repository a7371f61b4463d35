#ifndef ARTESANOS_CLIBPQ_SHIM_H
#define ARTESANOS_CLIBPQ_SHIM_H
#include <libpq-fe.h>
#ifdef __linux__
// What waits for libpq's sockets; Swift's own modules for the C library leave these out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif
#endif
