package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Huma reports what is wrong as English sentences. Here they become codes, so
// that the reader gets their own language and programs something stable. Its
// hooks for this are package variables, hence the init.
func init() {
	huma.DefaultArrayNullable = false
	huma.ErrorFormatter = encodeMessage
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return newProblem("en", fromHuma(status, errs))
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, msg string, errs ...error) huma.StatusError {
		if status == 0 { // asked once for the documentation, without a request
			return huma.NewError(status, msg)
		}
		r := requestOf(c.Context())
		p := newProblem(r.lang, fromHuma(status, errs))
		p.Instance = r.instance()
		return p
	}
}

// codes of Huma's messages; those that take a value get it as {value}.
var codes = map[string]string{
	validation.MsgUnexpectedProperty:                           "unknown",
	validation.MsgExpectedRFC3339DateTime:                      "bad_time",
	validation.MsgExpectedRFC3339Date:                          "bad_date",
	validation.MsgExpectedRFC5322Email:                         "bad_email",
	validation.MsgExpectedBoolean:                              "not_boolean",
	validation.MsgExpectedNumber:                               "not_number",
	validation.MsgExpectedInteger:                              "not_integer",
	validation.MsgExpectedString:                               "not_string",
	validation.MsgExpectedArray:                                "not_array",
	validation.MsgExpectedObject:                               "not_object",
	validation.MsgExpectedArrayItemsUnique:                     "not_unique",
	validation.MsgExpectedOneOf:                                "not_one_of",
	validation.MsgExpectedMinimumNumber:                        "too_small",
	validation.MsgExpectedMaximumNumber:                        "too_big",
	validation.MsgExpectedMinLength:                            "too_short",
	validation.MsgExpectedMaxLength:                            "too_long",
	validation.MsgExpectedMatchPattern:                         "bad_format",
	validation.MsgExpectedBePattern:                            "bad_format",
	validation.MsgExpectedMinItems:                             "too_few",
	validation.MsgExpectedMaxItems:                             "too_many",
	validation.MsgExpectedMaxProperties:                        "too_many",
	validation.MsgExpectedRequiredProperty:                     "required",
	"unknown query parameter":                                  "unknown",
	"required query parameter is missing":                      "required",
	"required header parameter is missing":                     "required",
	"required path parameter is missing":                       "required",
	"invalid integer":                                          "not_integer",
	"invalid boolean":                                          "not_boolean",
	"invalid float":                                            "not_number",
	"request body is required":                                 "required",
	"expected at most one value, but received multiple values": "too_many",
}

// messageSeparator keeps a code and its value apart inside what Huma believes
// to be a sentence.
const messageSeparator = "\x1f"

func encodeMessage(format string, args ...any) string {
	code, ok := codes[format]
	if !ok {
		return fmt.Sprintf(format, args...)
	}
	return code + messageSeparator + fmt.Sprint(args...)
}

// fromHuma makes a fault of what Huma refused. The values that were sent are
// dropped: they may be personal, and a problem is copied around.
func fromHuma(status int, errs []error) *fault.Error {
	f := errInvalid
	switch status {
	case http.StatusUnsupportedMediaType:
		return errMediaType
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusRequestTimeout:
		return errTimeout
	case http.StatusNotAcceptable:
		return errNotAcceptable
	}
	if status >= 500 {
		return fault.New(fault.Internal, "internal")
	}
	if len(errs) == 0 {
		return f.Field("body", "required")
	}
	for _, err := range errs {
		field, code, value := decode(err)
		if field == "body" && code == "syntax" {
			f = errBadJSON
		}
		c := *f
		c.Details = append(append([]fault.Detail(nil), f.Details...), fault.Detail{
			Field: field, Code: code, Args: map[string]any{"value": value, "max": value},
		})
		f = &c
		if len(f.Details) == maxDetails {
			break
		}
	}
	return f
}

// maxDetails bounds an answer: a body with a thousand unknown fields is told of twenty.
const maxDetails = 20

func decode(err error) (field, code, value string) {
	d, ok := err.(huma.ErrorDetailer)
	if !ok {
		return "body", "invalid", ""
	}
	detail := d.ErrorDetail()
	field = detail.Location
	code, value, ok = strings.Cut(detail.Message, messageSeparator)
	if !ok {
		if code, ok = codes[detail.Message]; !ok {
			code = "invalid"
		}
	}
	if code == "required" && value != "" {
		field, value = field+"."+value, ""
	}
	if inner, ok := strings.CutPrefix(value, "."); ok { // a place inside the body, see strict
		field, value = field+"."+inner, ""
	}
	return field, code, value
}
