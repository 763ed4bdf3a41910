/* The part of libwbxml that it exports but whose headers the -dev packages
 * do not carry: the event parser and the tables it reads. The layouts are
 * those of 0.11.8 (soname 1); wbxml_self_test holds the library at hand
 * against them at start-up. */
#ifndef TRANSLATE_WBXML_LIB_PRIVATE_H
#define TRANSLATE_WBXML_LIB_PRIVATE_H

#include <wbxml/wbxml.h>

struct lib_public_id {
	unsigned number;
	const char *name, *root, *dtd;
};

struct lib_tag {
	const char *name; /* NULL ends the table */
	unsigned char page, token;
	unsigned options; /* for its converter to XML; 0 here */
};

struct lib_language {
	WBXMLLanguage id; /* -1 ends the table */
	const struct lib_public_id *public_id;
	const struct lib_tag *tags;
	const void *namespaces, *attributes, *attribute_values, *extensions;
};

enum lib_value { LIB_TOKEN, LIB_LITERAL };

struct lib_element {
	enum lib_value type;
	union {
		const struct lib_tag *tag; /* LIB_TOKEN: a row of our table */
		void *literal;		   /* LIB_LITERAL: also "unknown" */
	} u;
};

struct lib_handler {
	void (*document_start)(void *ctx, int charset,
			       const struct lib_language *lang);
	void (*document_end)(void *ctx);
	void (*element_start)(void *ctx, struct lib_element *el, void **attrs,
			      WB_BOOL empty);
	void (*element_end)(void *ctx, struct lib_element *el, WB_BOOL empty);
	void (*characters)(void *ctx, WB_UTINY *p, WB_ULONG start,
			   WB_ULONG n);
	void (*instruction)(void *ctx, const WB_UTINY *target, WB_UTINY *data);
};

typedef struct WBXMLParser_s WBXMLParser;

WBXMLParser *wbxml_parser_create(void);
void wbxml_parser_destroy(WBXMLParser *p);
/* Reads only, though the type does not say so. */
WBXMLError wbxml_parser_parse(WBXMLParser *p, WB_UTINY *doc, WB_ULONG n);
void wbxml_parser_set_user_data(WBXMLParser *p, void *ctx);
void wbxml_parser_set_content_handler(WBXMLParser *p, struct lib_handler *h);
void wbxml_parser_set_main_table(WBXMLParser *p,
				 const struct lib_language *table);
WB_BOOL wbxml_parser_set_language(WBXMLParser *p, WBXMLLanguage lang);

#endif
