/* What the WBXML files share among themselves. */
#ifndef TRANSLATE_WBXML_PRIVATE_H
#define TRANSLATE_WBXML_PRIVATE_H

#include "translate/wbxml/wbxml.h"

/* WBXML 1.2, section 7.1: global tokens. */
#define TOKEN_SWITCH_PAGE 0x00
#define TOKEN_END 0x01
#define TOKEN_STR_I 0x03
#define TOKEN_FIRST_TAG 0x05
#define TOKEN_LAST_TAG 0x3f
#define TOKEN_PI 0x43
#define TOKEN_STR_T 0x83
#define TOKEN_OPAQUE 0xc3
#define BIT_CONTENT 0x40
#define BIT_ATTRIBUTES 0x80

#define WBXML_UTF8 0x6a /* MIBenum of the charset */

/* The tag of that page and name; for tools and tests. */
bool wbxml_tag_find(const char *page, const char *name, wbxml_tag *out);

#endif
