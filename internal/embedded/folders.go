package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/escuta-sac/escuta/internal/fault"
)

var (
	// ErrInUse means that another server, on this machine, has the data folder.
	ErrInUse = fault.New(fault.Conflict, "data_dir_in_use")
	// ErrUnreachable means that the engines' user cannot walk down to the data folder.
	ErrUnreachable = fault.New(fault.Unavailable, "data_dir_unreachable")
	// ErrNoUser means that we are root and there is nobody else to run the engines as.
	ErrNoUser = fault.New(fault.Unavailable, "engine_user_missing")
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
	return nil, ErrNoUser
}

// dataFolder makes the data folder and returns its one true path: the lock and
// the place of the sockets must not depend on how somebody spelled it.
func dataFolder(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	mode := os.FileMode(0o700)
	u, err := owner()
	if err != nil {
		return "", err
	}
	if u != nil {
		// The engines' user walks through it, to folders that only that user can read.
		mode = 0o711
		if err := reachable(dir, u); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return "", fmt.Errorf("make the data folder: %w", err)
	}
	if err := os.Chmod(dir, mode); err != nil {
		return "", fmt.Errorf("close the data folder to others: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	return dir, nil
}

// reachable finds the folder on the way to dir that keeps u out, such as /root.
// Without it initdb would fail with a bare "Permission denied". What is not
// there yet will be made so that it lets u through.
func reachable(dir string, u *syscall.Credential) error {
	for at := filepath.Dir(dir); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return fmt.Errorf("look at %s: %w", at, err)
		case !search(info, u):
			return ErrUnreachable.With("dir", dir).With("blocked", at)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// search reports whether u may pass through the folder.
func search(info os.FileInfo, u *syscall.Credential) bool {
	sys, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && sys.Uid == u.Uid:
		return info.Mode()&0o100 != 0
	case ok && sys.Gid == u.Gid:
		return info.Mode()&0o010 != 0
	}
	return info.Mode()&0o001 != 0
}

// private makes dir, readable by the engines' user only. Whoever reaches a
// socket in it is let in without a password, so its mode is the lock on the
// door, and a folder that somebody else made first (in /tmp anybody can) is refused.
func private(dir string, u *syscall.Credential) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return fmt.Errorf("make the folder of an engine: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the folder of an engine: %w", err)
	}
	us := uint32(os.Geteuid())
	them := us
	if u != nil {
		them = u.Uid
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || sys.Uid != us && sys.Uid != them {
		return fmt.Errorf("%s was not made by us; remove it", dir)
	}
	if u != nil {
		if err := os.Lchown(dir, int(u.Uid), int(u.Gid)); err != nil {
			return fmt.Errorf("hand the folder of an engine to its user: %w", err)
		}
	}
	return os.Chmod(dir, 0o700)
}

// longestSocket is the longest name of a socket in its folder: PostgreSQL's.
const longestSocket = "/.s.PGSQL.5432"

// maxSocketPath is what fits into sockaddr_un on Linux, without the final zero.
const maxSocketPath = 107

// socketFolder is a folder in the data folder, or, where that path is too long
// for a socket, one in /tmp whose name follows from the data folder alone: the
// next server has to find the engines there. TMPDIR is not asked for that reason.
func socketFolder(dir string) string {
	sockets := filepath.Join(dir, "run")
	if len(sockets)+len(longestSocket) <= maxSocketPath {
		return sockets
	}
	sum := sha256.Sum256([]byte(dir))
	return "/tmp/escuta-" + hex.EncodeToString(sum[:8])
}

// lockFolder takes the data folder until the file is closed or the process
// ends, however it ends: the kernel lets go of the lock.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "escuta.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the data folder: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(f, 20))
		_ = f.Close()
		return nil, ErrInUse.With("dir", dir).With("pid", strings.TrimSpace(string(holder)))
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	return f, nil
}
