#include "CSimdjson.h"

#include <new>
#include <simdjson.h>

struct resync_json_parser {
    simdjson::dom::parser parser;
};

extern "C" resync_json_parser *resync_json_parser_create(size_t capacity, size_t max_depth) {
    auto *created = new (std::nothrow) resync_json_parser();
    if (created == nullptr) { return nullptr; }
    if (created->parser.allocate(capacity, max_depth) != simdjson::SUCCESS) {
        delete created;
        return nullptr;
    }
    return created;
}

extern "C" void resync_json_parser_destroy(resync_json_parser *parser) { delete parser; }

extern "C" int resync_json_parse(
    resync_json_parser *parser, const uint8_t *bytes, size_t length, const uint64_t **tape, const uint8_t **strings
) {
    auto result = parser->parser.parse(bytes, length, true);
    if (result.error() != simdjson::SUCCESS) { return static_cast<int>(result.error()); }
    *tape = parser->parser.doc.tape.get();
    *strings = parser->parser.doc.string_buf.get();
    return 0;
}

extern "C" const char *resync_json_error_message(int code) {
    return simdjson::error_message(static_cast<simdjson::error_code>(code));
}
