import type { ButtonHTMLAttributes } from "react";
import styles from "./Button.module.css";
import { classes } from "./classes";
import { Icon, type IconName } from "./Icon";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "plain" | "primary" | "quiet" | "danger";
  icon?: IconName;
}

export function Button({ look = "plain", icon, className, children, type = "button", ...rest }: ButtonProps) {
  return (
    <button type={type} className={classes(styles.button, styles[look], className)} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  icon: IconName;
  /** What it does; it shows when one points at it. */
  label: string;
}

export function IconButton({ label, icon, look = "quiet", className, ...rest }: IconButtonProps) {
  return (
    <Button
      look={look}
      icon={icon}
      aria-label={label}
      title={label}
      className={classes(styles.square, className)}
      {...rest}
    />
  );
}
