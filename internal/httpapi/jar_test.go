package httpapi

import (
	"net/http"
	"net/http/cookiejar"
)

func newJar() http.CookieJar {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // only options can make it fail
	}
	return jar
}
