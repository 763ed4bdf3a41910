#include "backends/imap/imap_names.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

static const char set64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static void
put_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_byte(b, (char)c);
	} else if (c < 0x800) {
		buf_byte(b, (char)(0xC0 | c >> 6));
		buf_byte(b, (char)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		buf_byte(b, (char)(0xE0 | c >> 12));
		buf_byte(b, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_byte(b, (char)(0x80 | (c & 0x3F)));
	} else {
		buf_byte(b, (char)(0xF0 | c >> 18));
		buf_byte(b, (char)(0x80 | (c >> 12 & 0x3F)));
		buf_byte(b, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_byte(b, (char)(0x80 | (c & 0x3F)));
	}
}

/* One &...- run, without its ends. */
static bool
decode_run(struct buf *b, struct span run)
{
	uint32_t bits = 0, high = 0;
	unsigned have = 0;
	size_t i;

	for (i = 0; i < run.n; i++) {
		const char *at = run.p[i] ? strchr(set64, run.p[i]) : NULL;
		uint32_t unit;

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - set64);
		have += 6;
		if (have < 16)
			continue;
		have -= 16;
		unit = bits >> have & 0xFFFF;
		if (high && unit >> 10 == 0x37) {
			put_utf8(b, 0x10000 + ((high & 0x3FF) << 10) +
					    (unit & 0x3FF));
			high = 0;
		} else if (high || unit >> 10 == 0x37) {
			return false;
		} else if (unit >> 10 == 0x36) {
			high = unit;
		} else {
			put_utf8(b, unit);
		}
	}
	return !high && have < 6;
}

static bool
decode_into(struct buf *b, struct span s)
{
	while (s.n) {
		struct span run, plain;
		ptrdiff_t at = span_find_byte(s, '&');

		plain = at < 0 ? s : span_first(s, (size_t)at);
		buf_span(b, plain);
		s = span_from_at(s, plain.n);
		if (!s.n)
			break;
		s = span_from_at(s, 1);
		if (span_find_byte(s, '-') < 0)
			return false;
		run = span_take_until(&s, '-');
		if (!run.n)
			buf_byte(b, '&');
		else if (!decode_run(b, run))
			return false;
	}
	return true;
}

struct span
name_decode(struct arena *a, struct span wire)
{
	struct buf b = BUF_INIT(64 * 1024);
	struct span out;

	if (span_find_byte(wire, '&') >= 0 && decode_into(&b, wire) &&
	    !b.full)
		out = arena_dup(a, buf_view(&b));
	else
		out = arena_dup(a, wire);
	buf_free(&b);
	return utf8_clean(a, out);
}

/* Next code point of valid UTF-8. */
static uint32_t
next_point(struct span *s)
{
	unsigned char c = (unsigned char)*s->p;
	unsigned n = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3, i;
	uint32_t v = n == 0 ? c : c & (0x3Fu >> n);

	for (i = 1; i <= n && i < s->n; i++)
		v = v << 6 | ((unsigned char)s->p[i] & 0x3F);
	*s = span_from_at(*s, n + 1);
	return v;
}

struct run64 {
	uint32_t bits;
	unsigned have;
};

static void
put_unit(struct buf *b, struct run64 *r, uint32_t unit)
{
	r->bits = r->bits << 16 | unit;
	r->have += 16;
	while (r->have >= 6) {
		r->have -= 6;
		buf_byte(b, set64[r->bits >> r->have & 0x3F]);
	}
}

static void
end_run(struct buf *b, struct run64 *r)
{
	if (r->have)
		buf_byte(b, set64[r->bits << (6 - r->have) & 0x3F]);
	buf_byte(b, '-');
	*r = (struct run64){ 0, 0 };
}

struct span
name_encode(struct arena *a, struct span utf8)
{
	struct buf b = BUF_INIT(64 * 1024);
	struct run64 r = { 0, 0 };
	bool in = false;
	struct span out;

	utf8 = utf8_clean(a, utf8);
	while (utf8.n) {
		uint32_t c = next_point(&utf8);

		if (c >= 0x20 && c < 0x7F) {
			if (in)
				end_run(&b, &r);
			in = false;
			buf_byte(&b, (char)c);
			if (c == '&')
				buf_byte(&b, '-');
			continue;
		}
		if (!in)
			buf_byte(&b, '&');
		in = true;
		if (c >= 0x10000) {
			put_unit(&b, &r, 0xD800 + ((c - 0x10000) >> 10));
			c = 0xDC00 + ((c - 0x10000) & 0x3FF);
		}
		put_unit(&b, &r, c);
	}
	if (in)
		end_run(&b, &r);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

const char *
name_quote(struct arena *a, struct span text)
{
	char *out = arena_alloc(a, 2 * text.n + 3), *p = out;
	size_t i;

	*p++ = '"';
	for (i = 0; i < text.n; i++) {
		if (!text.p[i] || text.p[i] == '\r' || text.p[i] == '\n')
			return NULL;
		if (text.p[i] == '"' || text.p[i] == '\\')
			*p++ = '\\';
		*p++ = text.p[i];
	}
	*p++ = '"';
	*p = '\0';
	return out;
}

static const struct {
	const char *name;
	enum folder_type type;
} guesses[] = {
	{ "Sent", FOLDER_SENT },
	{ "Sent Items", FOLDER_SENT },
	{ "Sent Messages", FOLDER_SENT },
	{ "Sent Mail", FOLDER_SENT },
	{ "Gesendet", FOLDER_SENT },
	{ "Gesendete Objekte", FOLDER_SENT },
	{ "Gesendete Elemente", FOLDER_SENT },
	{ "Envoyés", FOLDER_SENT },
	{ "Messages envoyés", FOLDER_SENT },
	{ "Éléments envoyés", FOLDER_SENT },
	{ "Enviados", FOLDER_SENT },
	{ "Elementos enviados", FOLDER_SENT },
	{ "Itens enviados", FOLDER_SENT },
	{ "Posta inviata", FOLDER_SENT },
	{ "Inviata", FOLDER_SENT },
	{ "Verzonden", FOLDER_SENT },
	{ "Verzonden items", FOLDER_SENT },
	{ "Wysłane", FOLDER_SENT },
	{ "Skickat", FOLDER_SENT },
	{ "Sendt", FOLDER_SENT },
	{ "Lähetetyt", FOLDER_SENT },
	{ "Odeslané", FOLDER_SENT },
	{ "Отправленные", FOLDER_SENT },
	{ "送信済み", FOLDER_SENT },
	{ "已发送", FOLDER_SENT },
	{ "Trash", FOLDER_TRASH },
	{ "Deleted", FOLDER_TRASH },
	{ "Deleted Items", FOLDER_TRASH },
	{ "Deleted Messages", FOLDER_TRASH },
	{ "Bin", FOLDER_TRASH },
	{ "Papierkorb", FOLDER_TRASH },
	{ "Gelöscht", FOLDER_TRASH },
	{ "Gelöschte Objekte", FOLDER_TRASH },
	{ "Gelöschte Elemente", FOLDER_TRASH },
	{ "Corbeille", FOLDER_TRASH },
	{ "Éléments supprimés", FOLDER_TRASH },
	{ "Papelera", FOLDER_TRASH },
	{ "Elementos eliminados", FOLDER_TRASH },
	{ "Lixeira", FOLDER_TRASH },
	{ "Lixo", FOLDER_TRASH },
	{ "Cestino", FOLDER_TRASH },
	{ "Prullenbak", FOLDER_TRASH },
	{ "Verwijderde items", FOLDER_TRASH },
	{ "Kosz", FOLDER_TRASH },
	{ "Papperskorgen", FOLDER_TRASH },
	{ "Papirkurv", FOLDER_TRASH },
	{ "Roskakori", FOLDER_TRASH },
	{ "Koš", FOLDER_TRASH },
	{ "Корзина", FOLDER_TRASH },
	{ "ごみ箱", FOLDER_TRASH },
	{ "已删除", FOLDER_TRASH },
	{ "Drafts", FOLDER_DRAFTS },
	{ "Draft", FOLDER_DRAFTS },
	{ "Entwürfe", FOLDER_DRAFTS },
	{ "Brouillons", FOLDER_DRAFTS },
	{ "Borradores", FOLDER_DRAFTS },
	{ "Rascunhos", FOLDER_DRAFTS },
	{ "Bozze", FOLDER_DRAFTS },
	{ "Concepten", FOLDER_DRAFTS },
	{ "Szkice", FOLDER_DRAFTS },
	{ "Kopie robocze", FOLDER_DRAFTS },
	{ "Utkast", FOLDER_DRAFTS },
	{ "Kladder", FOLDER_DRAFTS },
	{ "Luonnokset", FOLDER_DRAFTS },
	{ "Koncepty", FOLDER_DRAFTS },
	{ "Черновики", FOLDER_DRAFTS },
	{ "下書き", FOLDER_DRAFTS },
	{ "草稿", FOLDER_DRAFTS },
	{ "Junk", FOLDER_JUNK },
	{ "Junk E-mail", FOLDER_JUNK },
	{ "Junk Mail", FOLDER_JUNK },
	{ "Spam", FOLDER_JUNK },
	{ "Bulk Mail", FOLDER_JUNK },
	{ "Spamverdacht", FOLDER_JUNK },
	{ "Junk-E-Mail", FOLDER_JUNK },
	{ "Courrier indésirable", FOLDER_JUNK },
	{ "Indésirables", FOLDER_JUNK },
	{ "Correo no deseado", FOLDER_JUNK },
	{ "Lixo eletrônico", FOLDER_JUNK },
	{ "Posta indesiderata", FOLDER_JUNK },
	{ "Ongewenste e-mail", FOLDER_JUNK },
	{ "Roskaposti", FOLDER_JUNK },
	{ "Skräppost", FOLDER_JUNK },
	{ "Спам", FOLDER_JUNK },
	{ "迷惑メール", FOLDER_JUNK },
	{ "垃圾邮件", FOLDER_JUNK },
	{ "Archive", FOLDER_ARCHIVE },
	{ "Archiv", FOLDER_ARCHIVE },
};

enum folder_type
name_guess(struct span name)
{
	size_t i;

	for (i = 0; i < sizeof(guesses) / sizeof(*guesses); i++)
		if (span_eq_ci(name, span_of(guesses[i].name)))
			return guesses[i].type;
	return FOLDER_USER_MAIL;
}
