//! Pages made of every component, with the content of the product's own.

use domain::money::Money;
use domain::why::Check;
use leptos::prelude::*;
use ui::*;

fn dollars(amount: &str) -> Money {
    Money::new(amount.parse().expect("a decimal"), "USD".parse().expect("a currency"))
}

fn checks() -> Vec<Check> {
    let check = |passed, detail: &str| Check { check: "check".into(), passed, detail: detail.into() };
    vec![
        check(false, "No promo code was used"),
        check(true, "Attributed by click on /r/acme/ada, 3 days before (window 60)"),
        check(true, "Offer “Standard”, version 4: 30% of each sale for 12 months; this is month 2"),
        check(true, "$49.00 × 30% = $14.70, held 30 days"),
    ]
}

/// The partner portal's frame.
fn portal(path: &'static str, page: impl FnOnce() -> AnyView + Send + 'static) -> AnyView {
    let item = NavItem::new;
    let sections = vec![
        NavSection::new(
            "Home",
            vec![
                item("Dashboard", "/p/acme", Glyph::Home).exact(),
                item("My programs", "/p/acme/programs", Glyph::Book),
                item("My commission structure", "/p/acme/structure", Glyph::Gift),
            ],
        ),
        NavSection::new(
            "Leads",
            vec![
                item("Leads", "/p/acme/leads", Glyph::UserPlus).count(Signal::stored(Some(12))),
                item("Customers", "/p/acme/customers", Glyph::Users),
                item("Messages", "/p/acme/messages", Glyph::Chat).count(Signal::stored(Some(2))),
            ],
        ),
        NavSection::new(
            "Resources",
            vec![
                item("Links", "/p/acme/links", Glyph::Link),
                item("Promo codes", "/p/acme/codes", Glyph::Tag),
                item("Assets", "/p/acme/assets", Glyph::Image),
            ],
        ),
        NavSection::new(
            "Reports",
            vec![
                item("Details", "/p/acme/details", Glyph::Chart),
                item("Rewards", "/p/acme/rewards", Glyph::Receipt),
                item("Payouts", "/p/acme/payouts", Glyph::Bank),
                item("My ledger", "/p/acme/ledger", Glyph::List),
            ],
        ),
    ];
    let program = |name: &str, role: &str, current| ProgramLink {
        name: name.into(),
        href: "/p/acme".into(),
        post: Vec::new(),
        role: role.into(),
        current,
    };
    view! {
        <AppShell
            brand="Acme partners"
            home="/p/acme"
            accent="teal"
            sections=sections
            path=Signal::stored(path.to_owned())
            programs=vec![program("Acme", "Partner", true), program("Birchwood <script>", "Owner", false)]
            account=AccountInfo { name: "Ada Lind".into(), email: "ada@tributary.test".into() }
            account_menu=|| {
                view! {
                    <MenuLink href="/account" icon=Glyph::User>"Profile"</MenuLink>
                    <MenuLink href="/account/security" icon=Glyph::Shield>"Security"</MenuLink>
                    <MenuLine/>
                    <form method="post" action="/sign-out">
                        <MenuButton submit=true icon=Glyph::SignOut>"Sign out"</MenuButton>
                    </form>
                }
            }
            search_words="Find pages, customers, leads"
        >
            {page()}
        </AppShell>
    }
    .into_any()
}

fn wave(base: i64, swing: i64, seed: i64) -> Vec<i64> {
    let mut random = seed;
    (0..30)
        .map(|i| {
            random = random * 16807 % 2_147_483_647;
            let slope = [0, 3, 5, 6, 5, 3, 0, -2, -3, -2][i % 10] + i64::try_from(i).unwrap_or(0) / 4;
            base + slope * swing / 10 + random % swing
        })
        .collect()
}

fn days() -> Vec<String> {
    (0..30).map(|i| if i < 11 { format!("{} Oct", 21 + i) } else { format!("{} Nov", i - 10) }).collect()
}

fn period() -> impl IntoView {
    let preset = |label: &str, current| PeriodLink { label: label.into(), href: "?period=x".into(), current };
    view! {
        <PeriodPicker
            id="period"
            shown="Last 30 days"
            presets=vec![
                preset("Today", false),
                preset("Last 7 days", false),
                preset("Last 30 days", true),
                preset("This month", false),
                preset("Last month", false),
                preset("Last 12 months", false),
            ]
            action="/p/acme"
            from="2026-10-21"
            to="2026-11-19"
            keep=vec![("tab".to_owned(), "overview".to_owned())]
        />
    }
}

fn commission(
    who: &'static str,
    day: &'static str,
    what: &'static str,
    pill: (Tone, &'static str),
    base: &'static str,
    earn: &'static str,
    open: bool,
) -> impl IntoView {
    view! {
        <tr>
            <td class="clip">{who}<small>{day}</small></td>
            <td class="under">{what} " " <Why checks=checks() open=open/></td>
            <td><Pill tone=pill.0 text=pill.1/></td>
            <td class="num wide"><Amount value=dollars(base)/></td>
            <td class="num"><Amount value=dollars(earn) strong=true/></td>
        </tr>
    }
}

/// The partner's dashboard, as drawn.
pub fn dashboard() -> AnyView {
    portal("/p/acme", || {
        view! {
            <PageHead title="Dashboard">{period()}</PageHead>
            <Tabs label="Reports">
                <Tab href="/p/acme" label="Overview" current=true/>
                <Tab href="/p/acme/details" label="Details"/>
                <Tab href="/p/acme/rewards" label="Rewards" count=4/>
                <Tab href="/p/acme/payouts" label="Payouts"/>
                <Tab href="/p/acme/assets" label="Assets"/>
            </Tabs>
            <Note
                tone=Tone::Warn
                glyph=Glyph::Bank
                action=|| view! { <ButtonLink href="/p/acme/payouts">"Select payout method"</ButtonLink> }
            >
                "Your next payment is due on 1 December. " <b>"Tell us where to send it."</b>
            </Note>
            <Tiles>
                <Tile label="Clicks" value="4,812" delta=Delta::Up("12.4% more".into()) than="than the 30 days before"/>
                <Tile label="Sign-ups" value="163" delta=Delta::Up("8.0% more".into()) than="than the 30 days before" note="3.4% of clicks"/>
                <Tile label="Customers" value="41" delta=Delta::Down("4.7% less".into()) than="than the 30 days before" note="25% of sign-ups"/>
                <Tile label="Awaiting payout" value="$1,284.50" delta=Delta::Up("$310.00 more".into()) than="since 22 Oct" note="due now · $462.00 held"/>
            </Tiles>
            <div class="cols">
                <div class="col">
                    <Card title="Performance">
                        <LineChart
                            id="performance"
                            label="Clicks, sign-ups and sales by day"
                            points=days()
                            series=vec![
                                Series::new("Clicks", wave(120, 70, 7)),
                                Series::new("Sign-ups", wave(5, 4, 11)).on_the_right(),
                                Series::new("Sales", wave(1, 2, 5)).on_the_right(),
                            ]
                        />
                    </Card>
                    <Card
                        title="Latest commissions"
                        actions=|| {
                            view! { <ButtonLink kind=ButtonKind::Quiet href="/p/acme/rewards">"All rewards"</ButtonLink> }
                        }
                    >
                        <Table
                            caption="Latest commissions"
                            phone_columns=3
                            head=|| {
                                view! {
                                    <Th label="Customer"/>
                                    <Th label="What happened" under=true/>
                                    <Th label="Status"/>
                                    <Th label="Base" num=true wide=true/>
                                    <Th label="You earn" num=true/>
                                }
                            }
                        >
                            {commission("n•••@harbor.example", "19 Nov", "Sale · Team plan", (Tone::Warn, "Held until 19 Dec"), "49", "14.70", true)}
                            {commission("j•••@fern.example", "18 Nov", "First sale · Solo plan", (Tone::Good, "Due"), "19", "25.70", false)}
                            {commission("o•••@quarry.example", "16 Nov", "Refund of $40.00 of $100.00", (Tone::Bad, "Clawed back"), "-40", "-12", false)}
                            {commission("m•••@lantern.example", "12 Nov", "Sale · Team plan", (Tone::Accent, "Paid 1 Nov"), "49", "14.70", false)}
                        </Table>
                    </Card>
                    <Card title="Add a new lead">
                        <form class="form-row">
                            <TextInput id="lead-email" label="E-mail" kind="email" placeholder="name@company.com"/>
                            <TextInput id="lead-name" label="Name" optional=true/>
                            <Button kind=ButtonKind::Primary submit=true>"Add lead"</Button>
                        </form>
                    </Card>
                </div>
                <div class="col">
                    <Card>
                        <div class="profile">
                            <Avatar name="Ada Lind" large=true/>
                            <div><b>"Ada Lind"</b><div class="sub">"Partner code ADA"</div></div>
                            <ButtonLink kind=ButtonKind::Quiet href="/account">"Edit profile"</ButtonLink>
                        </div>
                    </Card>
                    <Card title="Your link">
                        <CopyField text="https://go.acme.example/r/acme/ada" what="link"/>
                        <div class="row">
                            <ButtonLink kind=ButtonKind::Quiet href="/p/acme/links">"Customize link"</ButtonLink>
                            <DialogButton opens="qr" kind=ButtonKind::Quiet>"QR code"</DialogButton>
                        </div>
                        <Dialog id="qr" title="QR code">{qr()}</Dialog>
                    </Card>
                    <Card title="Promo code">
                        <CopyField text="ADA20" what="promo code"/>
                        <p class="sub">"20% off their first three months. You earn 30% of every sale, as with your link."</p>
                    </Card>
                    <Card title="What you earn">
                        <ul class="list">
                            <li><b>"$20.00 for each customer"</b><span class="sub">"once, on their first sale"</span></li>
                            <li><b>"30% of every sale"</b><span class="sub">"for 12 months, held 30 days for refunds"</span></li>
                        </ul>
                        <p class="sub">"Paid monthly, next on 1 December."</p>
                    </Card>
                    <Card title="Share on social media">
                        <div class="row">
                            <ButtonLink href="https://example.com" external=true>"Facebook"</ButtonLink>
                            <ButtonLink href="https://example.com" external=true>"X"</ButtonLink>
                            <ButtonLink href="https://example.com" external=true>"LinkedIn"</ButtonLink>
                            <ButtonLink href="https://example.com" external=true>"WhatsApp"</ButtonLink>
                            <ButtonLink href="mailto:">"E-mail"</ButtonLink>
                        </div>
                    </Card>
                </div>
            </div>
        }
        .into_any()
    })
}

fn qr() -> impl IntoView {
    // A finder pattern is enough to look at.
    view! { <QrCode size=21 path="M0 0h7v7h-7zM1 1v5h5v-5zM2 2h3v3h-3z" label="QR code of your link"/> }
}

fn partner(
    at: usize,
    name: &'static str,
    company: &'static str,
    pill: (Tone, &'static str),
    earned: &'static str,
) -> impl IntoView {
    view! {
        <tr>
            <td>
                <a class="link" href="/admin/acme/partners/1">{name}</a>
                <small>{company}</small>
            </td>
            <td class="wide"><code>{name.split(' ').next().unwrap_or_default().to_uppercase()}</code></td>
            <td><Pill tone=pill.0 text=pill.1/></td>
            <td class="num wide">{grouped(1200 * i64::try_from(at).unwrap_or(1))}</td>
            <td class="num"><Amount value=dollars(earned)/></td>
            <td class="row-actions">
                <Menu id=format!("row-{at}") label=format!("Actions for {name}") bare=true button=|| icon(Glyph::Dots)>
                    <MenuLink href="/admin/acme/partners/1" icon=Glyph::Eye>"View"</MenuLink>
                    <MenuButton icon=Glyph::Pause>"Pause"</MenuButton>
                    <MenuLine/>
                    <MenuButton icon=Glyph::Ban danger=true opens="ban">"Ban"</MenuButton>
                </Menu>
            </td>
        </tr>
    }
}

/// A list with filters, sorting, totals and pages.
pub fn list() -> AnyView {
    portal("/p/acme/customers", || {
        let address = Address::new("/admin/acme/partners", "status=active&sort=-earned");
        let head = {
            let address = address.clone();
            move || {
                view! {
                    <Th label="Partner" sort=("name", address.clone())/>
                    <Th label="Code" wide=true/>
                    <Th label="Status"/>
                    <Th label="Clicks" num=true wide=true sort=("clicks", address.clone())/>
                    <Th label="Earned" num=true sort=("earned", address)/>
                    <Th label="Actions" quiet=true/>
                }
            }
        };
        view! {
            <PageHead title="Customers">
                <ButtonLink href="/admin/acme/partners.csv" icon=Glyph::Download download=true>"Export CSV"</ButtonLink>
                <DialogButton opens="invite" kind=ButtonKind::Primary icon=Glyph::Plus>"Add partner"</DialogButton>
            </PageHead>
            <Card>
                <form class="filters" method="get" action="/admin/acme/partners">
                    <SearchInput id="q" label="Search partners"/>
                    <Select
                        id="status"
                        label="Status"
                        value="active"
                        choices=vec![Choice::new("", "All"), Choice::new("active", "Active"), Choice::new("banned", "Banned")]
                    />
                    <Button submit=true icon=Glyph::Filter>"Filter"</Button>
                </form>
                <Table
                    caption="Partners"
                    head=head
                    foot=|| {
                        view! {
                            <td>"Total"</td>
                            <td class="wide"></td>
                            <td></td>
                            <td class="num wide">"18,000"</td>
                            <td class="num"><Amount value=dollars("12431.95") strong=true/></td>
                            <td></td>
                        }
                    }
                >
                    {partner(1, "Ada Lind", "Lind & Daughters", (Tone::Good, "Active"), "6210.40")}
                    {partner(2, "Bruno Okafor", "Okafor Media", (Tone::Good, "Active"), "4100.00")}
                    {partner(3, "Chiara Moretti", "", (Tone::Warn, "Waiting"), "0")}
                    {partner(4, "Dmitri Hale", "Halestorm GmbH, with a name that is much longer than others", (Tone::Bad, "Banned"), "-12.45")}
                    {partner(5, "Esi Boateng", "Boateng Reviews", (Tone::Neutral, "Paused"), "2134.00")}
                </Table>
                <Pagination first=Some("?cursor=a".to_owned()) next="?cursor=b".to_owned() shown="5 of 1,204"/>
            </Card>
            <Drawer id="invite" title="Add partner">
                <form class="form">
                    <TextInput id="name" label="Name" required=true/>
                    <TextInput id="email" label="E-mail" kind="email" help="They get a mail with a link to set their password."/>
                    <TextInput id="code" label="Code" prefix="go.acme.example/r/acme/" optional=true/>
                    <div class="form-actions">
                        <CloseButton closes="invite"/>
                        <Button kind=ButtonKind::Primary submit=true>"Add partner"</Button>
                    </div>
                </form>
            </Drawer>
            <Dialog id="ban" title="Ban Dmitri Hale?">
                <p>"They lose what is held ($462.00), and their payable balance is frozen. This can't be undone."</p>
                <form class="form">
                    <Textarea id="reason" label="Reason" required=true help="Kept in the audit log."/>
                    <div class="dialog-actions">
                        <CloseButton closes="ban"/>
                        <Button kind=ButtonKind::Danger submit=true>"Ban partner"</Button>
                    </div>
                </form>
            </Dialog>
        }
        .into_any()
    })
}

/// Every kind of field and button.
pub fn forms() -> AnyView {
    portal("/p/acme/codes", || {
        view! {
            <PageHead title="Promo codes" back=("/p/acme".to_owned(), "Dashboard".to_owned())/>
            <div class="cols">
                <div class="col">
                    <Card title="Fields">
                        <form class="form">
                            <div class="form-row">
                                <TextInput id="f-name" label="Name" value="Standard" help="Shown to partners."/>
                                <TextInput id="f-bad" label="E-mail" kind="email" value="ada@" error="This is not an e-mail address."/>
                            </div>
                            <div class="form-row">
                                <MoneyInput id="f-money" label="Reward" currency="EUR".parse().expect("a currency") value="20.00"/>
                                <TextInput id="f-percent" label="Rate" inputmode="decimal" value="30" suffix="%"/>
                                <Select id="f-select" label="For how long" value="12" choices=vec![Choice::new("1", "First sale"), Choice::new("12", "12 months")]/>
                            </div>
                            <PasswordInput id="f-password" label="Password" autocomplete="new-password" help="12 characters or more."/>
                            <Textarea id="f-text" label="Note" optional=true placeholder="Why they earn more"/>
                            <Checkbox id="f-check" label="Approve by itself" checked=true help="Else a person releases each commission."/>
                            <Switch id="f-switch" label="Ask visitors for consent" checked=true/>
                            <Switch id="f-off" label="Pay sign-ups"/>
                            <Field id="f-own" label="Day" help="In the program's time zone.">
                                <input class="input" id="f-own" name="day" type="date" value="2026-11-19"/>
                            </Field>
                            <div class="form-actions">
                                <Button>"Cancel"</Button>
                                <Button kind=ButtonKind::Primary submit=true>"Save offer"</Button>
                            </div>
                        </form>
                    </Card>
                    <Card title="Code">
                        <CodeBlock
                            code="<script src=\"https://go.acme.example/t.js\" data-program=\"acme\" defer></script>\n<a href=\"/pricing\">Pricing</a>"
                            what="snippet"
                        />
                    </Card>
                </div>
                <div class="col">
                    <Card title="Buttons">
                        <div class="row">
                            <Button kind=ButtonKind::Primary icon=Glyph::Plus>"Create"</Button>
                            <Button icon=Glyph::Download>"Export"</Button>
                            <Button kind=ButtonKind::Quiet>"Quiet"</Button>
                            <Button kind=ButtonKind::Danger icon=Glyph::Trash>"Delete"</Button>
                            <Button kind=ButtonKind::Primary busy=true>"Saving"</Button>
                            <Button disabled=true>"Disabled"</Button>
                            <Button icon=Glyph::Edit label="Edit"/>
                            <CopyButton text="ADA20" what="code"/>
                        </div>
                    </Card>
                    <Card title="Status">
                        <div class="row">
                            <Pill text="Draft"/>
                            <Pill tone=Tone::Accent text="Paid 1 Nov"/>
                            <Pill tone=Tone::Good text="Due"/>
                            <Pill tone=Tone::Warn text="Held until 19 Dec"/>
                            <Pill tone=Tone::Bad text="Clawed back"/>
                        </div>
                    </Card>
                    <Card title="Balance">
                        <Facts>
                            <Fact label="Awaiting payout"><Amount value=dollars("1284.50") strong=true/></Fact>
                            <Fact label="Held"><Amount value=dollars("462")/></Fact>
                            <Fact label="Carried forward"><Amount value=dollars("-12")/></Fact>
                            <Fact label="Partner code"><code>"ADA"</code></Fact>
                        </Facts>
                    </Card>
                    <Card title="Icons">
                        <div class="row">{Glyph::ALL.iter().map(|glyph| icon(*glyph)).collect_view()}</div>
                    </Card>
                    <Card title="Long Why?"><Why checks=checks() open=true/></Card>
                </div>
            </div>
        }
        .into_any()
    })
}

/// What stands where there is nothing, or where something failed.
pub fn states() -> AnyView {
    provide_toasts();
    use_toasts().say_with_undo("Partner paused", Callback::new(|()| ()));
    use_toasts().fail("The payment could not be recorded");
    portal("/p/acme/links", || {
        view! {
            <PageHead title="Links"/>
            <Note tone=Tone::Bad glyph=Glyph::Alert>"The code “ada” is taken. Choose another one."</Note>
            <Note tone=Tone::Good glyph=Glyph::CheckCircle>"Your payout method was saved."</Note>
            <Note tone=Tone::Accent>"Demo data: nothing here is real."</Note>
            <Note>"Times are those of the program: Europe/Berlin."</Note>
            <SkeletonTiles/>
            <div class="cols">
                <div class="col">
                    <Card title="Performance">
                        <LineChart
                            id="empty-chart"
                            label="Clicks by day"
                            points=days()
                            series=vec![Series::new("Clicks", vec![0; 30]), Series::new("Sales", vec![0; 30])]
                            empty="No clicks in these 30 days. Share your link to see them here."
                        />
                    </Card>
                    <Card title="Balance">
                        <LineChart
                            id="money-chart"
                            label="Balance by month"
                            axis="Month"
                            points=["Sep", "Oct", "Nov"].map(str::to_owned).to_vec()
                            series=vec![
                                Series::new("Balance", vec![12_000, -3_000, 45_050])
                                    .read_as(["$120.00", "−$30.00", "$450.50"].map(str::to_owned).to_vec()),
                            ]
                            tick=|cents| format!("${}", grouped(cents / 100)).replace("$\u{2212}", "\u{2212}$")
                        />
                    </Card>
                    <Card title="One day"><LineChart id="one" label="Clicks" points=vec!["19 Nov".into()] series=vec![Series::new("Clicks", vec![12])]/></Card>
                    <Card title="Latest commissions"><SkeletonTable rows=4/></Card>
                </div>
                <div class="col">
                    <Card title="Promo codes">
                        <EmptyState
                            glyph=Glyph::Tag
                            title="No promo codes yet"
                            words="A code gives your audience a discount and you the commission, without a link."
                        >
                            <Button kind=ButtonKind::Primary icon=Glyph::Plus>"Ask for a code"</Button>
                        </EmptyState>
                    </Card>
                    <Card>
                        <ErrorState
                            title="This could not be loaded"
                            words="Try again in a moment; if it stays, tell us the id below."
                            error_id=Some("01939f6e".to_owned())
                        >
                            <ButtonLink href="/p/acme/links" icon=Glyph::Refresh>"Try again"</ButtonLink>
                        </ErrorState>
                    </Card>
                    <SkeletonCard/>
                </div>
            </div>
        }
        .into_any()
    })
}

/// Signing in.
pub fn sign_in() -> AnyView {
    view! {
        <PlainShell
            brand="Acme partners"
            accent="violet"
            title="Sign in"
            words="With your e-mail or your partner code."
            foot=|| view! { <a href="/join">"Become a partner"</a> }
        >
            <Note tone=Tone::Bad glyph=Glyph::Alert>"E-mail or password is wrong."</Note>
            <form class="form">
                <TextInput id="who" label="E-mail or partner code" autocomplete="username" value="ada" required=true/>
                <PasswordInput id="password" label="Password"/>
                <Button kind=ButtonKind::Primary submit=true>"Sign in"</Button>
            </form>
            <p class="sub"><a href="/forgotten">"Forgotten password?"</a></p>
        </PlainShell>
    }
    .into_any()
}

/// A step of the set-up.
pub fn setup() -> AnyView {
    view! {
        <PlainShell brand="Tributary" title="Set up Tributary" words="Your first program, in four steps." wide=true>
            <Steps names=&["Owner", "Program", "First offer", "Connect"] current=2/>
            <form class="form">
                <div class="form-row">
                    <MoneyInput id="flat" label="For each customer" currency="EUR".parse().expect("a currency") value="20.00"/>
                    <TextInput id="rate" label="Of every sale" suffix="%" value="30"/>
                </div>
                <div class="form-actions">
                    <ButtonLink href="/setup?step=2">"Back"</ButtonLink>
                    <Button kind=ButtonKind::Primary submit=true>"Create offer"</Button>
                </div>
            </form>
        </PlainShell>
    }
    .into_any()
}
