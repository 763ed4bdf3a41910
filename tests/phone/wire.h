/* The test phone's own WBXML, written from MS-ASWBXML; it shares neither
 * code nor table with the daemon, so that an error cannot cancel itself
 * out. Documents are libxml2 trees with the namespaces of the published
 * schemas ("AirSync", "AirSyncBase", ...); opaque data stands as base64. */
#ifndef TESTS_PHONE_WIRE_H
#define TESTS_PHONE_WIRE_H

#include <libxml/tree.h>

#include "tests/phone/bytes.h"

struct wire_error {
	char text[256];
};

/* Turns XML text into WBXML, appended to out; 0 on failure.
 *
 * What a test writer need not write: the namespace of the root (known by
 * its name: <Sync>, <Ping>, ...), declarations of the usual prefixes (name
 * of the namespace in lower case: email:, airsyncbase:, ...; also base: for
 * AirSyncBase), and care for blanks between elements.
 *
 * Content of the elements listed as opaque (Mime, ConversationId ...) is
 * base64 in the text. An attribute enc="..." on an element without children
 * says otherwise: "text" (inline string), "base64" (opaque bytes from
 * base64), "opaque" (opaque bytes as written), "split" (one inline string
 * per character group: STR_I repeated), "content" (an empty element with
 * the content bit and END). token="hh" sends that raw token of the
 * element's page in place of the element's own. */
int wire_encode(struct bytes *out, const char *xml, struct wire_error *e);

/* Reads what a server sent, strictly: exact header 03 01 6A 00, known pages
 * and tokens, elements that exist in `version` ("14.1"; NULL asks for none),
 * legal UTF-8 and XML characters, nothing behind the root. NULL and a
 * message with the element and the byte where it happened otherwise. */
xmlDocPtr wire_decode(const void *data, size_t n, const char *version,
		      struct wire_error *e);

/* Bit of a protocol version in the element table; 0 if unknown. */
unsigned wire_version_bit(const char *version);

/* The document as indented XML text, for messages; caller frees (free()). */
char *wire_show(xmlDocPtr doc);

#endif
