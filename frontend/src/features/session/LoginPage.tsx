import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { logIn } from "../../api/session";
import type { Me } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Mark } from "../../ui/Mark";
import styles from "./LoginPage.module.css";

interface LoginPageProps {
  /** The last session ended by itself; what was being written is still there. */
  ended: boolean;
  onIn: (me: Me) => void;
}

export function LoginPage({ ended, onIn }: LoginPageProps) {
  const t = useText();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const login = useMutation({ mutationFn: () => logIn(email.trim(), password), onSuccess: onIn });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  const problem = login.error instanceof ApiError ? login.error : undefined;

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={submit}>
        <h1 className={styles.brand}>
          <Mark /> Escuta
        </h1>
        {ended && !login.error && (
          <p role="status" className={styles.ended}>
            {t("login.ended")}
          </p>
        )}
        <Field
          label={t("login.email")}
          type="email"
          name="email"
          autoComplete="username"
          value={email}
          onChange={(e) => setEmail(e.target.value)}
          error={problem?.field("email")}
          required
          autoFocus
        />
        <Field
          label={t("login.password")}
          type="password"
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={(e) => setPassword(e.target.value)}
          error={problem?.field("password")}
          required
        />
        <Button look="primary" type="submit" busy={login.isPending} className={styles.submit}>
          {t("login.submit")}
        </Button>
        <p role="alert" className={styles.error}>
          {login.error?.message}
        </p>
      </form>
    </main>
  );
}
