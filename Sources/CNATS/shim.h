#ifndef ARTESANOS_CNATS_SHIM_H
#define ARTESANOS_CNATS_SHIM_H
#include <nats/nats.h>
#endif
