"""A maker of professional kitchens in Germany that works in English.

Telephone numbers are those the Bundesnetzagentur keeps free for films ("Rufnummern für Medienproduktionen");
domains end in .example (RFC 2606). Nobody real is meant.
"""

from __future__ import annotations

from saas_crm.demo.words import City, Firm, Ware, Words

_FIRMS = """
Hotel Seeblick GmbH|Hotel
Gasthaus Zur Linde|Restaurant
Bäckerei Morgenrot KG|Bakery
Klinikum Westerholt gGmbH|Hospital
Brauhaus Adlerhof GmbH & Co. KG|Brewery
Kantine am Hafen GmbH|Canteen
Ristorante Bellavista|Restaurant
Schulküchen Nord eG|School catering
Feinkost Brandt GmbH|Food retail
Hotel Goldener Anker|Hotel
Café Wunderlich|Café
Großküche Süd GmbH|Canteen
Kreuzfahrt Catering Hansa AG|Catering
Seniorenresidenz Parkblick GmbH|Care home
Konditorei Sahnehaube|Bakery
Sternwarte Hotelbetriebe GmbH|Hotel
Fischhaus Petersen|Restaurant
Betriebsgastronomie Krüger GmbH|Canteen
Bio-Markt Löwenzahn eG|Food retail
Universitätsmensa Auental|School catering
Berghotel Falkenstein|Hotel
Metzgerei Hofstätter|Butchery
Event Catering Blitz GmbH|Catering
Landgasthof Drei Eichen|Restaurant
Stadtklinik Rosenau gGmbH|Hospital
Pizzeria Da Enzo|Restaurant
Kochschule Pfefferkorn|Cooking school
Airport Lounge Services GmbH|Catering
Weingut Steinbrecher|Winery
Hafenbrauerei Knurrhahn|Brewery
Boutique Hotel Marlene|Hotel
Kita-Küche Regenbogen gGmbH|School catering
Sushi Atelier Tanaka|Restaurant
Waldklinik Eichengrund GmbH|Hospital
Tafelsilber Catering|Catering
Bistro Rive Gauche|Restaurant
Molkerei Alpenglück eG|Food production
Jugendherbergen Mittelrhein e.V.|Hostel
Pasta Bar Nonna Lucia|Restaurant
Werkskantine Thalheim GmbH|Canteen
Hotel Vier Jahreszeiten Bad Auen|Hotel
Eiscafé Venezia|Café
Naturkost Wiesental GmbH|Food retail
Schlosshotel Hohenfels AG|Hotel
Imbisskette Currykönig GmbH|Restaurant
Seminarhaus Birkenhof|Hostel
Pflegeheim St. Anna|Care home
Rooftop Bar Wolke 9|Restaurant
Tiefkühl Manufaktur Eiszeit GmbH|Food production
Theaterrestaurant Vorhang Auf|Restaurant
Reederei Nordlicht KG|Catering
Almhütte Enzian|Restaurant
Sportpark Arena Betriebs GmbH|Catering
Privatbrauerei Hopfner|Brewery
Kurhotel Quellental GmbH|Hotel
Dönerwerk Köln GmbH|Food production
Mensabetriebe Ostsee AöR|School catering
Patisserie Petit Four|Bakery
Gutshof Kranichsee|Hotel
Foodtruck Kollektiv Hamburg|Catering
""".strip().splitlines()

_CITIES = (
    City("Berlin", "Berlin", "10115", "+493023125{:03}"),
    City("Hamburg", "Hamburg", "20457", "+494066969{:03}"),
    City("München", "Bayern", "80331", "+498999998{:03}"),
    City("Köln", "Nordrhein-Westfalen", "50667", "+492214710{:03}"),
    City("Frankfurt am Main", "Hessen", "60311", "+496990009{:03}"),
)

GERMAN = Words(
    firms=tuple(Firm(*line.split("|")) for line in _FIRMS),
    cities=_CITIES,
    streets=("Hauptstraße {}", "Am Markt {}", "Lindenallee {}", "Hafenstraße {}", "Gartenweg {}", "Schillerplatz {}",
             "Mühlenweg {}", "Bahnhofstraße {}"),
    mobiles=("+4917139200{:02}", "+49176040690{:02}"),
    given=("Anna", "Lukas", "Mia", "Felix", "Emma", "Jan", "Sofia", "Tim", "Lena", "Paul", "Hannah", "Maximilian",
           "Laura", "David", "Johanna", "Moritz", "Clara", "Niklas", "Elif", "Ahmed", "Giulia", "Marek", "Ines", "Kai"),
    family=("Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Hoffmann",
            "Koch", "Bauer", "Richter", "Klein", "Wolf", "Schröder", "Neumann", "Schwarz", "Braun", "Zimmermann",
            "Yılmaz", "Nowak", "Rossi", "Petersen", "Krüger", "Lang", "Jäger", "Brandt"),
    full_name="{given} {family}",
    titles=("Head Chef", "Managing Director", "Purchasing", "Operations Manager", "Facility Manager", "Owner",
            "F&B Manager", "Kitchen Manager", "CFO", "Head of Procurement"),
    tags=("key account", "referral", "trade fair", "service contract", "newsletter", "refit", "price sensitive"),
    wares=(
        Ware("Combi ovens, {} units", 18_000, 64_000), Ware("Dishwasher line", 24_000, 90_000),
        Ware("Complete kitchen refit", 80_000, 320_000), Ware("Cold room", 14_000, 48_000),
        Ware("Induction range", 9_000, 30_000), Ware("Service contract, 3 years", 6_000, 28_000),
        Ware("Bakery oven and proofer", 22_000, 70_000), Ware("Extraction hood renewal", 8_000, 26_000),
        Ware("Serving counter", 12_000, 40_000), Ware("Blast chillers, {} units", 10_000, 36_000),
        Ware("Second site kitchen", 90_000, 260_000), Ware("Trial: smart probe set", 1_200, 4_800),
    ),
    happened={
        "call": (
            ("Asked about delivery times", "{person} needs everything in place before the season opens. Six weeks is "
             "the limit."),
            ("Talked through the offer", "Price is fine for {person}, but the installation weekend is still open."),
            ("Budget call", "The budget round of {firm} is next month; they want two variants until then."),
            ("Service question", "The steam generator shows E12 again. Technician asked to ring back today."),
            ("First call", "Found us through a colleague. The present kitchen is from 2009 and eats energy."),
            ("No decision yet", "{person} is waiting for the landlord. Promised to call after the holidays."),
            ("Checked references", "{person} spoke with two of our customers and liked what they heard."),
        ),
        "email": (
            ("Sent the offer", "Offer with both variants and the energy calculation sent to {person}."),
            ("Floor plan received", "{firm} sent the plan as PDF; connections are marked."),
            ("Thank-you note", "Thanked {person} for the visit and summed up the three open points."),
            ("Data sheets", "Sent data sheets and hygiene certificates."),
            ("Asked for a date", "Proposed three dates for the measuring."),
        ),
        "meeting": (
            ("Kick-off with the architect", "Architect, {person} and our planner. Extraction is the hard part."),
            ("Offer presentation", "Presented both variants. They prefer induction; the payback convinced them."),
            ("Year-end review", "Happy with the service. Wants a quote for the second site."),
        ),
        "visit": (
            ("Measured the kitchen", "Measured on site. The door to the yard is too narrow for the big oven."),
            ("Showroom visit", "{person} cooked on the new range for two hours. Very taken with the probe."),
            ("Site walk", "Walked the site with {person}. Drainage has to be moved by the landlord."),
        ),
        "note": (
            ("Competitor", "A competitor offered 4 % less, but without installation."),
            ("Decision makers", "{person} recommends, the owner signs. She comes in on Thursdays only."),
            ("Closed on Mondays", "Best reached between 9 and 11, before service starts."),
        ),
    },
    planned={
        "task": ("Send revised offer", "Check delivery date with the factory", "Prepare energy calculation",
                 "Ask for the signed contract", "Send hygiene certificates", "Update the floor plan",
                 "Clear the discount with Clara"),
        "call": ("Call about the decision", "Ring back: service question", "Agree the installation weekend",
                 "Follow up on the offer"),
        "meeting": ("Offer presentation", "Planning with the architect", "Contract meeting"),
        "visit": ("Measure the kitchen", "Site walk", "Hand over the new ovens", "Yearly check-up visit"),
    },
    won={"product": "The showroom day decided it.", "price": "Best price over the whole running time.",
         "service": "They know our technicians and want to keep them.", "relationship": "Fourth order; it just works."},
    lost={"price": "A competitor went 9 % lower.", "competitor": "Stayed with their present supplier.",
          "no_budget": "Investment stop until next year.", "no_decision": "The landlord never answered.",
          "timing": "Opening was put off by a year."},
    rooms=("On site", "Our showroom", "Video call", "Trade fair, hall 4"),
    about_firm=("", "Runs two sites; purchasing is central.", "Renovates next summer.",
                "Pays on time, asks for a discount.", "Open seven days; deliveries before 8 only."),
    consumer_ware=Ware("Home kitchen: range and hood", 6_000, 19_000),
)  # fmt: skip
