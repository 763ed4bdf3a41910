/* The elements of the Contacts class and where they live in a vCard. */
#include "translate/contacts/contact_private.h"

#define CON(t) WX_Contacts_##t
#define CO2(t) WX_Contacts2_##t
#define NAME(t, p)                                                             \
	{                                                                      \
		CON(t), FIELD_NAME, p, NULL, "N|", NULL                        \
	}
#define ORG(t, p)                                                              \
	{                                                                      \
		CON(t), FIELD_ORG, p, NULL, "ORG|", NULL                       \
	}
#define PHONE(t, types)                                                        \
	{                                                                      \
		t, FIELD_PHONE, 0, types, "TEL|", NULL                         \
	}
#define TEXT(t, names)                                                         \
	{                                                                      \
		t, FIELD_TEXT, 0, NULL, names, NULL                            \
	}
#define RELATED(t, names, label)                                               \
	{                                                                      \
		t, FIELD_TEXT, 0, NULL, names, label                           \
	}
#define MAIL(t)                                                                \
	{                                                                      \
		CON(t), FIELD_MAIL, 0, "INTERNET", "EMAIL|", NULL              \
	}
#define IM(t)                                                                  \
	{                                                                      \
		CO2(t), FIELD_IM, 0, NULL, "IMPP|", NULL                       \
	}
#define ADR(t, p, type)                                                        \
	{                                                                      \
		CON(t), FIELD_ADDRESS, p, type, "ADR|", NULL                   \
	}
#define ADDRESS(w, type)                                                       \
	ADR(w##AddressStreet, 2, type), ADR(w##AddressCity, 3, type),          \
		ADR(w##AddressState, 4, type),                                 \
		ADR(w##AddressPostalCode, 5, type),                            \
		ADR(w##AddressCountry, 6, type)

const struct field contact_fields[] = {
	{ CON(FileAs), FIELD_FILE_AS, 0, NULL, "X-FILE-AS|X-EVOLUTION-FILE-AS|",
	  NULL },
	NAME(FirstName, 1),
	NAME(MiddleName, 2),
	NAME(LastName, 0),
	NAME(Title, 3),
	NAME(Suffix, 4),
	{ CO2(NickName), FIELD_LIST, 0, NULL, "NICKNAME|", NULL },
	TEXT(CON(YomiFirstName), "X-PHONETIC-FIRST-NAME|"),
	TEXT(CON(YomiLastName), "X-PHONETIC-LAST-NAME|"),
	TEXT(CON(YomiCompanyName), "X-PHONETIC-ORG|"),
	ORG(CompanyName, 0),
	ORG(Department, 1),
	TEXT(CON(JobTitle), "TITLE|ROLE|"),
	TEXT(CON(OfficeLocation),
	     "X-MS-OFFICE|X-EVOLUTION-OFFICE|X-KADDRESSBOOK-X-OFFICE|"),
	MAIL(Email1Address),
	MAIL(Email2Address),
	MAIL(Email3Address),
	PHONE(CON(MobilePhoneNumber), POOL_MOBILE),
	PHONE(CON(HomePhoneNumber), POOL_HOME),
	PHONE(CON(Home2PhoneNumber), POOL_HOME),
	PHONE(CON(BusinessPhoneNumber), POOL_WORK),
	PHONE(CON(Business2PhoneNumber), POOL_WORK),
	PHONE(CON(HomeFaxNumber), POOL_HOME_FAX),
	PHONE(CON(BusinessFaxNumber), POOL_WORK_FAX),
	PHONE(CON(PagerNumber), POOL_PAGER),
	PHONE(CON(CarPhoneNumber), POOL_CAR),
	PHONE(CON(RadioPhoneNumber), POOL_RADIO),
	PHONE(CON(AssistantPhoneNumber), POOL_ASSISTANT),
	PHONE(CO2(CompanyMainPhone), POOL_COMPANY),
	PHONE(CO2(MMS), POOL_MMS),
	ADDRESS(Home, "HOME"),
	ADDRESS(Business, "WORK"),
	ADDRESS(Other, NULL),
	IM(IMAddress),
	IM(IMAddress2),
	IM(IMAddress3),
	{ CON(WebPage), FIELD_URL, 0, NULL, "URL|", NULL },
	{ CON(Birthday), FIELD_DATE, 0, NULL, "BDAY|", NULL },
	{ CON(Anniversary), FIELD_DATE, 0, NULL,
	  "X-ANNIVERSARY|ANNIVERSARY|X-MS-ANNIVERSARY|"
	  "X-EVOLUTION-ANNIVERSARY|X-KADDRESSBOOK-X-ANNIVERSARY|",
	  "Anniversary" },
	RELATED(CON(Spouse),
		"X-SPOUSE|X-MS-SPOUSE|X-EVOLUTION-SPOUSE|"
		"X-KADDRESSBOOK-X-SPOUSESNAME|",
		"Spouse"),
	RELATED(CO2(ManagerName),
		"X-MS-MANAGER|X-MANAGER|X-EVOLUTION-MANAGER|"
		"X-KADDRESSBOOK-X-MANAGERSNAME|",
		"Manager"),
	RELATED(CON(AssistantName),
		"X-MS-ASSISTANT|X-ASSISTANT|X-EVOLUTION-ASSISTANT|"
		"X-KADDRESSBOOK-X-ASSISTANTSNAME|",
		"Assistant"),
	TEXT(CO2(CustomerId), "X-MS-CUSTOMER-ID|"),
	TEXT(CO2(GovernmentId), "X-MS-GOVERNMENT-ID|"),
	TEXT(CO2(AccountName), "X-MS-ACCOUNT-NAME|"),
};
const size_t n_contact_fields = sizeof(contact_fields) / sizeof(struct field);
_Static_assert(sizeof(contact_fields) / sizeof(struct field) <= MAX_FIELDS,
	       "slots for all fields");
