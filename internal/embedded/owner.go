package embedded

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is whom the engines run as and their folders belong to. It is nil when
// we are not root: then they run as we do.
//
// PostgreSQL refuses to run as root. Redis does not, but has no business there.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.ParseUint(u.Uid, 10, 32)
		gid, errG := strconv.ParseUint(u.Gid, 10, 32)
		if errU == nil && errG == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("running as root, and there is neither a user postgres nor a user nobody to run the engines as")
}

// private makes dir, readable by the engines' user only. Whoever reaches a
// socket in it is let in without a password, so its mode is the lock on the door.
func private(dir string, u *syscall.Credential) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make the folder of the engines: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return fmt.Errorf("make the folder of an engine: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the folder of an engine: %w", err)
	}
	uid := uint32(os.Geteuid())
	if u != nil {
		uid = u.Uid
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || sys.Uid != uid && sys.Uid != uint32(os.Geteuid()) {
		return fmt.Errorf("%s is not a folder of ours", dir)
	}
	if u != nil {
		if err := os.Lchown(dir, int(u.Uid), int(u.Gid)); err != nil {
			return fmt.Errorf("hand the folder of an engine to its user: %w", err)
		}
	}
	return os.Chmod(dir, 0o700)
}
