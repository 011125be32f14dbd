#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct resync_json_parser resync_json_parser;

/// A parser for documents up to `capacity` bytes (it grows) and nested at most `max_depth` deep (a deeper one is an
/// error); null when there is no memory.
resync_json_parser *resync_json_parser_create(size_t capacity, size_t max_depth);
void resync_json_parser_destroy(resync_json_parser *parser);

/// Parses `length` bytes (copied and padded by the parser). Returns 0 and the document's tape and string buffer, which
/// stay valid until the next parse or the parser's end; otherwise simdjson's error code.
int resync_json_parse(
    resync_json_parser *parser, const uint8_t *bytes, size_t length, const uint64_t **tape, const uint8_t **strings
);
const char *resync_json_error_message(int code);

#ifdef __cplusplus
}
#endif
