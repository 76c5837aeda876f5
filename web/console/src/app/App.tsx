import { Suspense, useMemo } from "react";
import { Provider } from "urql";
import { Redirect, Route, Switch } from "wouter";
import { access } from "../api/access";
import { makeClient } from "../api/client";
import { Loading, Notice } from "../design/Notice";
import { Toasts } from "../design/Toasts";
import { useCell } from "../state/cell";
import { Boundary } from "./Boundary";
import { HOME, PLACES } from "./routes";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

export function App() {
  const { token, isDenied } = useCell(access);
  // What one caller has read is not to be shown to another.
  const client = useMemo(() => makeClient(token), [token]);
  return (
    <Provider value={client}>
      <Shell>{isDenied ? <SignIn /> : <Pages key={token} />}</Shell>
      <Toasts />
    </Provider>
  );
}

function Pages() {
  return (
    <Boundary>
      <Suspense fallback={<Loading />}>
        <Switch>
          <Route path="/">
            <Redirect to={HOME} replace />
          </Route>
          {PLACES.map(({ path, page }) => (
            <Route key={path} path={path} component={page} />
          ))}
          <Route>
            <Notice title="There is no such page">The address leads nowhere in this console.</Notice>
          </Route>
        </Switch>
      </Suspense>
    </Boundary>
  );
}
