import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { keys } from "../../api/keys";
import { useMe } from "../../api/session";
import type { Me } from "../../api/types";
import { activateLocale, locales, matchLocale, useText } from "../../lib/i18n";
import { densities, scales, themes, usePrefs } from "../../lib/prefs";
import { Button } from "../../ui/Button";
import { CheckField, Field, SelectField } from "../../ui/Field";
import { toast, toastError } from "../../ui/toast";
import { changePassword, saveLocale } from "./api";
import { ExtensionField } from "./ExtensionField";
import styles from "./settings.module.css";

/** How the desk looks and behaves for me, on this machine. */
export function PreferencesPanel() {
  const t = useText();
  const prefs = usePrefs();
  return (
    <>
      <h2>{t("settings.preferencias")}</h2>
      <div className={styles.form}>
        <SelectField
          label={t("prefs.theme")}
          value={prefs.theme}
          options={themes.map((value) => ({ value, name: t(`theme.${value}`) }))}
          onChange={(theme) => prefs.set({ theme })}
        />
        <SelectField
          label={t("prefs.density")}
          value={prefs.density}
          options={densities.map((value) => ({ value, name: t(`density.${value}`) }))}
          onChange={(density) => prefs.set({ density })}
        />
        <SelectField
          label={t("prefs.scale")}
          value={String(prefs.scale)}
          options={scales.map((value) => ({ value: String(value), name: `${Math.round(value * 100)} %` }))}
          onChange={(scale) => prefs.set({ scale: Number(scale) })}
        />
        <LanguageField />
        <CheckField
          label={t("prefs.shortcuts")}
          hint={t("prefs.shortcuts.hint")}
          checked={prefs.shortcuts}
          onChange={(shortcuts) => prefs.set({ shortcuts })}
        />
      </div>
      <h2>{t("prefs.phone")}</h2>
      <ExtensionField />
      <h2>{t("password.title")}</h2>
      <PasswordForm />
    </>
  );
}

function LanguageField() {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const save = useMutation({
    mutationFn: saveLocale,
    onSuccess: async (saved) => {
      cache.setQueryData(keys.me, saved);
      await activateLocale(saved.locale);
    },
    onError: toastError,
  });
  const nameOf = (locale: string) => new Intl.DisplayNames(locale, { type: "language" }).of(locale) ?? locale;
  return (
    <SelectField
      label={t("prefs.language")}
      value={matchLocale([me.locale]) as Me["locale"]}
      options={locales.map((value) => ({ value: value as Me["locale"], name: nameOf(value) }))}
      onChange={(locale) => save.mutate(locale)}
    />
  );
}

function PasswordForm() {
  const t = useText();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => changePassword(current, next),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      toast(t("password.changed"));
    },
  });
  const problem = change.error instanceof ApiError ? change.error : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field
        label={t("password.current")}
        type="password"
        autoComplete="current-password"
        value={current}
        onChange={(e) => setCurrent(e.target.value)}
        error={problem?.field("current_password")}
        required
      />
      <Field
        label={t("password.new")}
        type="password"
        autoComplete="new-password"
        value={next}
        onChange={(e) => setNext(e.target.value)}
        hint={t("password.hint")}
        error={problem?.field("password")}
        required
      />
      {change.error && (
        <p role="alert" className={styles.error}>
          {change.error.message}
        </p>
      )}
      <div>
        <Button type="submit" busy={change.isPending}>
          {t("password.submit")}
        </Button>
      </div>
    </form>
  );
}
