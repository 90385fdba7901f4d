/** Word lists of the generated company. They are longer than a small company needs, so that small ones read well. */

export const FIRST_NAMES: readonly string[] = (
  "alice bob chris diane ed fred gina harry irene janice karen leo maria nadia oscar paula quentin rosa sam tina umar vera " +
  "walter xenia yusuf zoe amir bella carlos dora elif frank greta hugo ines jonas kofi lena milan nora omar petra raj sofia " +
  "tomas uma viktor wendy yara zane"
).split(" ");

/** City, country, region; the first are the largest sites. */
export const CITIES: readonly (readonly [city: string, country: string])[] = [
  ["San Jose", "US"],
  ["Bengaluru", "IN"],
  ["Austin", "US"],
  ["London", "GB"],
  ["Krakow", "PL"],
  ["Munich", "DE"],
  ["Hyderabad", "IN"],
  ["Toronto", "CA"],
  ["Singapore", "SG"],
  ["Dublin", "IE"],
  ["Berlin", "DE"],
  ["Chicago", "US"],
  ["Sydney", "AU"],
  ["Paris", "FR"],
  ["Warsaw", "PL"],
  ["Sao Paulo", "BR"],
  ["Tokyo", "JP"],
  ["Manchester", "GB"],
  ["Pune", "IN"],
  ["Madrid", "ES"],
  ["Vancouver", "CA"],
  ["New York", "US"],
  ["Lyon", "FR"],
  ["Osaka", "JP"],
  ["Melbourne", "AU"],
  ["Hamburg", "DE"],
  ["Barcelona", "ES"],
  ["Chennai", "IN"],
  ["Cork", "IE"],
  ["Mexico City", "MX"],
  ["Edinburgh", "GB"],
  ["Gdansk", "PL"],
  ["Seattle", "US"],
  ["Recife", "BR"],
  ["Monterrey", "MX"],
  ["Montreal", "CA"],
  ["Rome", "IT"],
  ["Milan", "IT"],
  ["Zurich", "CH"],
  ["Geneva", "CH"],
];

export const CITY_SUFFIXES: readonly string[] = [
  "",
  " North",
  " South",
  " East",
  " West",
  " Park",
  " Harbour",
  " Airport",
  " Campus",
  " Old Town",
];

export const REGION_OF_COUNTRY: Readonly<Record<string, string>> = {
  US: "Americas",
  CA: "Americas",
  MX: "Americas",
  BR: "Americas",
  IN: "APAC",
  SG: "APAC",
  AU: "APAC",
  JP: "APAC",
};

/** A family of work: what its departments are called, its division, its jobs and the applications it lives in. */
export interface Family {
  readonly department: string;
  readonly division: string;
  readonly jobs: readonly string[];
  readonly applications: readonly string[];
}

const family = (department: string, division: string, jobs: string, applications: string): Family => ({
  department,
  division,
  jobs: jobs.split(", "),
  applications: applications.split(", "),
});

export const FAMILIES: readonly Family[] = [
  family(
    "Engineering",
    "Technology",
    "Developer, Test Engineer, Architect, Build Engineer, Scrum Master, Data Engineer",
    "Source, Build, Tracker, Cloud Console",
  ),
  family(
    "Sales",
    "Commercial",
    "Account Manager, Sales Representative, Sales Engineer, Deal Desk Analyst, Inside Sales",
    "CRM, Quotes, Commissions",
  ),
  family(
    "Support",
    "Commercial",
    "Support Agent, Support Engineer, Escalation Lead, Knowledge Author",
    "Tickets, Remote Assist, Knowledge Base",
  ),
  family(
    "Finance",
    "Corporate",
    "Accountant, Controller, Payroll Clerk, Treasury Analyst, Auditor, Billing Clerk",
    "Ledger, Payroll, Expenses, Treasury",
  ),
  family(
    "Operations",
    "Operations",
    "Planner, Shift Lead, Dispatcher, Operations Analyst, Technician",
    "Planning, Dispatch, Maintenance",
  ),
  family(
    "IT",
    "Technology",
    "System Administrator, Network Engineer, Service Desk Agent, Database Administrator, Cloud Engineer",
    "Directory, Monitoring, Network, Backup",
  ),
  family("HR", "Corporate", "HR Partner, Recruiter, Benefits Analyst, Trainer", "People, Recruiting, Learning"),
  family(
    "Marketing",
    "Commercial",
    "Campaign Manager, Designer, Content Writer, Market Analyst",
    "Campaigns, Web Content, Surveys",
  ),
  family(
    "Manufacturing",
    "Operations",
    "Machine Operator, Process Engineer, Line Lead, Quality Inspector, Welder",
    "Shop Floor, Quality, Recipes",
  ),
  family(
    "Logistics",
    "Operations",
    "Driver, Warehouse Clerk, Customs Agent, Fleet Planner",
    "Warehouse, Fleet, Customs",
  ),
  family("Procurement", "Corporate", "Buyer, Category Manager, Supplier Analyst", "Purchasing, Suppliers, Contracts"),
  family("Legal", "Corporate", "Counsel, Paralegal, Contract Manager, Patent Agent", "Matters, Contracts, Disclosures"),
  family(
    "Research",
    "Technology",
    "Scientist, Lab Technician, Research Engineer, Statistician",
    "Lab Notes, Compute Grid, Samples",
  ),
  family(
    "Security",
    "Technology",
    "Security Analyst, Incident Responder, Access Administrator, Guard",
    "Alerts, Vault, Badges",
  ),
  family("Product", "Technology", "Product Manager, Product Owner, User Researcher", "Roadmap, Analytics, Tracker"),
  family("Facilities", "Operations", "Site Manager, Electrician, Receptionist, Cleaner", "Buildings, Work Orders"),
  family(
    "Risk",
    "Corporate",
    "Risk Analyst, Compliance Officer, Model Validator",
    "Risk Register, Controls, Sanctions",
  ),
  family(
    "Data",
    "Technology",
    "Data Analyst, Data Scientist, Report Author",
    "Warehouse Queries, Notebooks, Dashboards",
  ),
  family("Claims", "Commercial", "Claims Handler, Adjuster, Fraud Analyst", "Claims, Payments, Documents"),
  family("Underwriting", "Commercial", "Underwriter, Actuary, Pricing Analyst", "Policies, Pricing, Models"),
  family("Clinical", "Operations", "Nurse, Physician, Pharmacist, Ward Clerk", "Records, Prescriptions, Imaging"),
  family("Communications", "Corporate", "Press Officer, Editor, Event Manager", "Newsroom, Web Content"),
  family("Training", "Corporate", "Instructor, Course Author, Coach", "Learning, Classrooms"),
  family("Audit", "Corporate", "Internal Auditor, Audit Manager, Controls Tester", "Audit Files, Controls"),
];

export const DEPARTMENT_SUFFIXES: readonly string[] = ["", " EMEA", " APAC", " Americas", " Shared Services"];
export const JOB_PREFIXES: readonly string[] = [
  "",
  "Regional ",
  "Group ",
  "Field ",
  "Digital ",
  "Key ",
  "Plant ",
  "Global ",
];

/** Applications that belong to a place or a team, not to a family of work. */
export const SITE_APPLICATIONS: readonly string[] = ["Door", "Parking", "Printing", "Guest Network"];
export const TEAM_APPLICATIONS: readonly string[] = ["Team Share", "Mailing List"];
export const COMMON_APPLICATIONS: readonly string[] = ["Reports", "Portal", "Archive", "Forms"];

export const PERMISSIONS: readonly string[] = [
  "User",
  "Report",
  "Editor",
  "Approver",
  "Reader",
  "Admin",
  "Export",
  "Auditor",
  "Reviewer",
  "Operator",
  "Owner",
  "Support",
];

/** [entitlement, application]; the first ones go to everybody, the last ones to employees only. */
export const BIRTHRIGHT: readonly (readonly [entitlement: string, application: string])[] = [
  ["Mail Account", "Mail"],
  ["Intranet Access", "Portal"],
  ["Time Sheet", "People"],
  ["Pension Portal", "People"],
];
/** How many of them go to contractors too. */
export const BIRTHRIGHT_OF_CONTRACTORS = 2;
