package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// uploadRoutes take files that will go with a reply. What is known of such a
// file travels signed in its id, so there is no table of files that nobody
// sent; the blob is swept after a day.
type uploadRoutes struct {
	*Server
	key []byte
}

// uploadLife is shorter than the day after which unreferenced blobs are swept.
const uploadLife = 20 * time.Hour

var errNoUpload = fault.New(fault.Invalid, "upload_unknown")

// Upload is a file that waits to be sent with a reply.
type Upload struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Size int64  `json:"size"`
	Mime string `json:"mime"`
}

// upload handles POST /api/uploads: one file in the field "files".
func (h uploadRoutes) upload(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if len(f.files) != 1 {
		return errFiles.Field("body.files", "exactly_one")
	}
	stored, err := h.store(c.UserContext(), f.files)
	if err != nil {
		return err
	}
	id, err := h.sign(stored[0], actorOf(c.UserContext()).AccountID)
	if err != nil {
		return err
	}
	one := stored[0]
	return send(c, fiber.StatusCreated, Upload{ID: id, Name: one.Name, Size: one.Size, Mime: one.Mime})
}

// uploaded is an upload as its id carries it.
type uploaded struct {
	channel.File
	Account int64
	Until   time.Time
}

func (h uploadRoutes) sign(f channel.File, account int64) (string, error) {
	body, err := json.Marshal(uploaded{f, account, time.Now().Add(uploadLife).UTC()})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(h.mac(body)), nil
}

// open reads the ids that came with a reply. An id is good for the account
// that uploaded the file, until the blob may be swept.
func (h uploadRoutes) open(ids []string, account int64) ([]channel.File, error) {
	files := make([]channel.File, 0, len(ids))
	for _, id := range ids {
		body, mac, _ := strings.Cut(id, ".")
		raw, bodyErr := base64.RawURLEncoding.DecodeString(body)
		sum, macErr := base64.RawURLEncoding.DecodeString(mac)
		var u uploaded
		if bodyErr != nil || macErr != nil || !hmac.Equal(sum, h.mac(raw)) || json.Unmarshal(raw, &u) != nil ||
			u.Account != account || time.Now().After(u.Until) {
			return nil, errNoUpload.Field("body.files", "upload_unknown")
		}
		files = append(files, u.File)
	}
	return files, nil
}

func (h uploadRoutes) mac(body []byte) []byte {
	m := hmac.New(sha256.New, h.key)
	m.Write([]byte("escuta upload "))
	m.Write(body)
	return m.Sum(nil)
}
